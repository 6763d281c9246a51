/* Resources: everything, to search, sort and narrow. */
function resources() {
  const { rows: packed, found, left_out: leftOut, first_day: first, last_day: last } = data.resources;
  const intro = 'Everything that is or was billed, deleted ones included, with the cost of the last thirty days.';
  if (!packed.length) return section('resources', 'Resources', intro, nothing('No resource was read.'));
  const rows = packed.map(
    ([
      name,
      feature,
      type,
      project,
      owner,
      tags,
      region,
      size,
      status,
      state,
      monthly,
      thirty,
      days,
      used,
      from,
      to,
    ]) => {
      const row = { name, feature, project, owner, region, size, status, state, monthly, thirty, days, used, from, to };
      row.text = [name, featureText(feature), type, project, owner, tags, region, size, status, state]
        .join(' ')
        .toLowerCase();
      return row;
    },
  );
  let feature = '';
  let state = '';
  const features = [...new Set(rows.map((row) => row.feature))].sort();
  const apply = () => made.narrow((row) => (!feature || row.feature === feature) && (!state || row.state === state));
  const made = table({
    caption: 'Resources',
    rows,
    sorted: [1, true],
    search: (row) => row.text,
    searchLabel: 'Search resources',
    note: `${first ? `Daily costs are of ${dayText(first)} to ${dayText(last)}. ` : ''}A cost a month is at the present size; it is missing where neither a bill nor a price is known.`,
    controls: [
      choice('Feature', [['', 'all features'], ...features.map((one) => [one, featureText(one)])], '', (value) => {
        feature = value;
        apply();
      }),
      choice(
        'State',
        [
          ['', 'all states'],
          ['listed', 'listed'],
          ['deleted', 'deleted'],
          ['unknown', 'not known'],
        ],
        '',
        (value) => {
          state = value;
          apply();
        },
      ),
    ],
    summary: (shown) => `; together ${usd(shown.reduce((sum, row) => sum + (row.monthly || 0), 0))} USD a month.`,
    columns: [
      { label: 'Name', value: (row) => row.name },
      { label: 'A month (USD)', kind: 'usd', value: (row) => row.monthly },
      { label: '30 days (USD)', kind: 'usd', value: (row) => row.thirty },
      { label: 'Each day (USD)', kind: 'count', value: (row) => spread(row)[1], show: sparkline },
      { label: 'In use', kind: 'percent', value: (row) => row.used },
      { label: 'State', value: (row) => (row.state === 'unknown' ? 'not known' : row.state) },
      { label: 'Feature', value: (row) => featureText(row.feature) },
      { label: 'Region', value: (row) => row.region },
      { label: 'Size', value: (row) => row.size },
      { label: 'Project', value: (row) => row.project },
      { label: 'Owner', value: (row) => row.owner },
      { label: 'Status', value: (row) => row.status },
      { label: 'First seen', value: (row) => row.from },
      { label: 'Last seen', value: (row) => row.to },
    ],
  });
  return section(
    'resources',
    'Resources',
    intro,
    leftOutSentence(packed.length, found, leftOut),
    made,
    leftOutTable(leftOut),
  );
}

function daysOf(row) {
  return row.days
    ? row.days.split(' ').flatMap((run) => {
        const [cents, length = '1'] = run.split('x');
        return Array(Number(length)).fill(Number(cents));
      })
    : [];
}

function spread(row) {
  if (!row.spread) {
    const days = daysOf(row);
    row.spread = days.length ? [Math.min(...days), Math.max(...days)] : [null, null];
  }
  return row.spread;
}

function sparkline(row) {
  const days = daysOf(row);
  if (!days.length) return MISSING;
  const [low, high] = spread(row);
  const top = Math.max(high, 1);
  const points = days.map((cents, at) => `${at},${(20 - (18 * Math.max(cents, 0)) / top).toFixed(1)}`);
  const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  drawing.setAttribute('class', 'spark');
  drawing.setAttribute('viewBox', `0 0 ${Math.max(days.length - 1, 1)} 21`);
  drawing.setAttribute('preserveAspectRatio', 'none');
  drawing.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', `M${points.join('L')}${days.length === 1 ? 'h1' : ''}`);
  drawing.append(path);
  return el(
    'div',
    { class: 'days' },
    el('span', { class: 'range' }, low === high ? usd(low) : `${usd(low)} to ${usd(high)}`),
    drawing,
  );
}

function leftOutSentence(shown, found, leftOut) {
  if (!leftOut.length) return null;
  return el(
    'p',
    { id: 'left-out' },
    `The ${number(shown)} dearest of ${number(found)} resources are listed, because the file is to stay small; the others stand by feature in the table at the end.`,
  );
}

function leftOutTable(leftOut) {
  if (!leftOut.length) return null;
  return table({
    caption: 'Resources that are left out',
    rows: leftOut,
    sorted: [1, true],
    columns: [
      { label: 'Feature', value: (row) => featureText(row.feature) },
      { label: 'Resources', kind: 'count', value: (row) => row.resources },
      { label: 'A month (USD)', kind: 'usd', value: (row) => row.monthly_cost },
      { label: '30 days (USD)', kind: 'usd', value: (row) => row.thirty_days },
    ],
  });
}
