/* A table that sorts by its headings, and where it is long also searches and has pages. */
const KINDS = {
  text: { sort: (value) => value || '', show: (value) => value || MISSING },
  usd: { numeric: true, show: usd },
  change: { numeric: true, show: signed },
  percent: { numeric: true, show: percentText },
  count: { numeric: true, show: (value) => number(value) },
  day: { sort: (value) => value || '', show: dayText },
};
/* What is longer is broken into lines. */
const MOST_UNBROKEN = 30;
const collator = new Intl.Collator('en', { numeric: true });

/* columns: {label, kind, value(row), show(row), long}; options: caption, note, rows, sorted: [column, descending],
   search(row), pageRows, children(row), foot: cells. Answers the element; `narrow(test)` on it filters rows. */
function table(options) {
  const { columns, caption } = options;
  const pageRows = options.pageRows || 50;
  const opened = new Set();
  let [sortColumn, descending] = options.sorted || [null, false];
  let words = [];
  let narrowed = () => true;
  let page = 0;

  const head = el('tr');
  const body = el('tbody');
  const count = el('p', { class: 'note', role: 'status' });
  const back = el('button', { type: 'button', click: () => turn(-1) }, 'Previous');
  const next = el('button', { type: 'button', click: () => turn(1) }, 'Next');
  const pager = el('div', { class: 'pager' }, back, next, count);
  const heads = columns.map((column, at) =>
    el(
      'th',
      { scope: 'col', class: kind(column).numeric ? 'number' : null },
      el('button', { type: 'button', click: () => sort(at) }, column.label),
    ),
  );
  head.append(...heads);

  function kind(column) {
    return KINDS[column.kind || 'text'];
  }

  function sort(at) {
    descending = sortColumn === at ? !descending : Boolean(kind(columns[at]).numeric);
    sortColumn = at;
    page = 0;
    draw();
  }

  function turn(by) {
    page += by;
    draw();
  }

  function found() {
    const search = options.search;
    const rows = options.rows.filter(
      (row) => narrowed(row) && (!words.length || words.every((word) => search(row).includes(word))),
    );
    if (sortColumn === null) return rows;
    const column = columns[sortColumn];
    const { numeric, sort: key = (value) => value } = kind(column);
    const keyed = rows.map((row) => [key(column.value(row)), row]);
    keyed.sort(([a], [b]) => {
      if (numeric) {
        /* What is not known stands last, whichever way. */
        if (a === null || a === undefined || b === null || b === undefined)
          return (a === null || a === undefined) - (b === null || b === undefined);
        return descending ? b - a : a - b;
      }
      return descending ? collator.compare(b, a) : collator.compare(a, b);
    });
    return keyed.map(([, row]) => row);
  }

  function cells(row, isChild) {
    const children = !isChild && options.children ? options.children(row) : [];
    return columns.map((column, at) => {
      let content = isChild ? row[at] : column.show ? column.show(row) : kind(column).show(column.value(row));
      if (children.length && at === 0) {
        content = el(
          'button',
          {
            type: 'button',
            class: 'open',
            'aria-expanded': String(opened.has(row)),
            click: (event) => toggle(event, row),
          },
          content,
        );
      }
      const isShort = typeof content === 'string' && content.length <= MOST_UNBROKEN;
      if (at === 0) return el('th', { scope: 'row', class: isShort ? 'short' : null }, content);
      return el(
        'td',
        { class: kind(column).numeric ? 'number' : isShort ? 'short' : column.long ? 'long' : 'wide' },
        content,
      );
    });
  }

  function toggle(event, row) {
    const at = event.currentTarget.closest('tr').rowIndex;
    if (!opened.delete(row)) opened.add(row);
    draw();
    body.parentElement.rows[at].querySelector('button').focus();
  }

  function draw() {
    const rows = found();
    page = Math.min(page, Math.max(0, Math.ceil(rows.length / pageRows) - 1));
    const first = page * pageRows;
    const shown = rows.slice(first, first + pageRows);
    body.replaceChildren(
      ...shown.flatMap((row) => [
        el('tr', {}, cells(row, false)),
        ...(opened.has(row)
          ? options.children(row).map((child) => el('tr', { class: 'child' }, cells(child, true)))
          : []),
      ]),
    );
    heads.forEach((one, at) => {
      if (at === sortColumn) one.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      else one.removeAttribute('aria-sort');
    });
    back.disabled = page === 0;
    next.disabled = first + pageRows >= rows.length;
    const last = first + shown.length;
    count.textContent = rows.length
      ? `${number(first + 1)} to ${number(last)} of ${number(rows.length)}`
      : 'Nothing matches.';
    if (options.summary) count.textContent += options.summary(rows);
    pager.hidden = !options.search && rows.length <= pageRows;
  }

  const search =
    options.search &&
    el(
      'label',
      {},
      options.searchLabel,
      el('input', {
        type: 'search',
        autocomplete: 'off',
        input: (event) => {
          words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
          page = 0;
          draw();
        },
      }),
    );
  const controls = el('div', { class: 'controls' }, search, ...(options.controls || []));
  draw();
  const foot =
    options.foot &&
    el(
      'tfoot',
      {},
      el(
        'tr',
        {},
        options.foot.map((content, at) =>
          at === 0
            ? el('th', { scope: 'row' }, content)
            : el('td', { class: kind(columns[at]).numeric ? 'number' : null }, content),
        ),
      ),
    );
  const made = el(
    'div',
    {},
    search || options.controls ? controls : null,
    el(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: '0' },
      el(
        'table',
        {},
        el('caption', {}, el('span', {}, caption), options.note ? el('span', { class: 'note' }, options.note) : null),
        el('thead', {}, head),
        body,
        foot,
      ),
    ),
    pager,
  );
  made.narrow = (test) => {
    narrowed = test;
    page = 0;
    draw();
  };
  return made;
}
