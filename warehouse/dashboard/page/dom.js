/* Elements are made here and nowhere else: what comes from an account becomes text, never markup. */
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

function section(id, title, sentence, ...children) {
  const about = data.about;
  const moment = about.moment ? `Data of ${momentText(about.moment)}. ` : '';
  return el(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    el('h2', { id: `${id}-title` }, title),
    el('p', {}, sentence),
    el('p', { class: 'about' }, `${moment}All amounts are in USD.`),
    ...children,
  );
}

function nothing(sentence) {
  return el('p', { class: 'note' }, sentence);
}

function tiles(...figures) {
  return el(
    'dl',
    { class: 'tiles' },
    figures.map((one) =>
      el(
        'div',
        {},
        el('dt', {}, one.label),
        el(
          'dd',
          { class: 'figure', 'data-figure': one.name },
          one.cents === null || one.cents === undefined ? 'not known' : usd(one.cents),
          one.cents === null || one.cents === undefined ? null : el('small', {}, ' USD'),
        ),
        one.note ? el('dd', { class: 'note' }, one.note) : null,
      ),
    ),
  );
}

function choice(label, options, chosen, changed) {
  const select = el(
    'select',
    { change: () => changed(select.value) },
    options.map(([value, text]) => el('option', { value, selected: value === chosen }, text)),
  );
  return el('label', {}, label, select);
}

// The newest month is chosen first.
function monthChoice(months, changed) {
  return choice(
    'Month',
    months.map((one) => [one, monthText(one)]),
    months[0],
    changed,
  );
}
