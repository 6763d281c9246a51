/* Invoices: one as a waterfall from its parts to its amount, all in a table, the balance and the ledger. */
function invoices() {
  const { invoices: issued, balance, ledger, ledger_left_out: leftOut } = data.invoices;
  return section(
    'invoices',
    'Invoices',
    'Each invoice beside the sum of its parts, what was paid and credited, and what is owed.',
    ...balance.map((one) =>
      el(
        'div',
        {},
        data.about.connections > 1 ? el('h3', {}, `Balance of ${one.connection}`) : null,
        tiles(
          {
            name: 'owed',
            label: 'Owed, this month’s usage included',
            cents: one.owed,
            note: one.moment ? `As of ${momentText(one.moment)}.` : null,
          },
          {
            name: 'account-balance',
            label: 'Of that from past billing',
            cents: one.from_past,
            note: 'What is negative is a credit or a payment in advance.',
          },
          {
            name: 'open-usage',
            label: 'Usage of the open month',
            cents: one.usage,
            note: 'As DigitalOcean’s balance says it.',
          },
        ),
      ),
    ),
    balance.length ? null : nothing('No balance was read: the stream balance has it.'),
    waterfall(issued),
    invoiceTable(issued),
    ledgerTable(ledger, leftOut),
  );
}

function invoiceText(invoice) {
  const several = data.about.connections > 1 ? `, ${invoice.connection}` : '';
  return `${monthText(invoice.month)}, number ${invoice.number || MISSING}${several}`;
}

const STEPS = { items: 'Items', overages: 'Overages', taxes: 'Taxes', credits: 'Credits', difference: 'Not explained' };

function waterfall(issued) {
  const whole = issued.filter((invoice) => invoice.steps.length);
  if (!whole.length)
    return nothing(
      'No invoice was read with all its parts: the streams invoice_items and invoice_summaries have them.',
    );
  let invoice = whole[0];
  const rows = () => {
    let height = 0;
    const steps = invoice.steps.map(([name, cents], order) => {
      const label = STEPS[name] || (name.includes(' ') ? name : featureText(name));
      const step = { label, order, cents, from: height, to: height + cents, kind: cents < 0 ? 'Less' : 'More' };
      height += cents;
      return step;
    });
    return [
      ...steps,
      {
        label: 'Invoice',
        order: steps.length,
        cents: invoice.invoice_amount,
        from: 0,
        to: invoice.invoice_amount,
        kind: 'Invoice',
      },
    ];
  };
  const figure = chart({
    title: 'From the parts to the invoice',
    unit: 'USD; each bar begins where the one before ends',
    text: () => `The invoice of ${monthText(invoice.month)} is ${usd(invoice.invoice_amount)} USD.`,
    controls: [
      choice(
        'Invoice',
        whole.map((one, at) => [String(at), invoiceText(one)]),
        '0',
        (value) => {
          invoice = whole[Number(value)];
          figure.redraw();
          redrawTable();
        },
      ),
    ],
    spec: (colours, width) => {
      const values = rows().map((row) => ({ ...row, from: row.from / 100, to: row.to / 100, text: usd(row.cents) }));
      const order = values.map((row) => row.label);
      /* Room for the text behind the longest bar. */
      const ends = values.flatMap((row) => [row.from, row.to]);
      const domain = [Math.min(0, ...ends), Math.max(0.01, ...ends) * (width < NARROW ? 1.02 : 1.2)];
      return {
        data: { values },
        height: 26 * values.length,
        encoding: {
          y: names('label', { sort: order }),
        },
        layer: [
          {
            mark: { type: 'bar', height: 16 },
            encoding: {
              x: {
                field: 'from',
                type: 'quantitative',
                title: 'USD',
                scale: { domain },
                axis: { format: ',~f', tickCount: 4 },
              },
              x2: { field: 'to' },
              color: {
                field: 'kind',
                scale: {
                  domain: ['More', 'Less', 'Invoice'],
                  range: [colours.series[0], colours.series[2], colours.series[1]],
                },
                legend: null,
              },
              tooltip: [
                { field: 'label', title: 'Part' },
                { field: 'text', title: 'USD' },
              ],
            },
          },
          ...(width < NARROW
            ? []
            : [
                {
                  transform: [{ calculate: 'max(datum.from, datum.to)', as: 'end' }],
                  mark: { type: 'text', align: 'left', dx: 5 },
                  encoding: { x: { field: 'end', type: 'quantitative' }, text: { field: 'text' } },
                },
              ]),
        ],
      };
    },
  });
  const place = el('div');
  const redrawTable = () =>
    place.replaceChildren(
      table({
        caption: `Parts of the invoice of ${monthText(invoice.month)}`,
        rows: rows().slice(0, -1),
        foot: ['Invoice', usd(invoice.invoice_amount)],
        columns: [
          { label: 'Part', value: (row) => row.label },
          { label: 'Amount (USD)', kind: 'usd', value: (row) => row.cents },
        ],
      }),
    );
  redrawTable();
  return el('div', { class: 'columns' }, figure, place);
}

function invoiceTable(issued) {
  if (!issued.length) return nothing('No invoice was read: the stream invoices has them.');
  const money = (label, name) => ({ label: `${label} (USD)`, kind: 'usd', value: (row) => row[name] });
  return table({
    caption: 'Issued invoices',
    rows: issued,
    pageRows: 24,
    note: 'The difference is what the parts do not explain: 0.00 where all of them were read. Daily costs are estimates.',
    columns: [
      { label: 'Month', kind: 'day', value: (row) => row.month, show: (row) => monthText(row.month) },
      { label: 'Number', value: (row) => row.number },
      ...(data.about.connections > 1 ? [{ label: 'Connection', value: (row) => row.connection }] : []),
      money('Invoice', 'invoice_amount'),
      money('Items', 'items_amount'),
      money('Overages', 'overages'),
      money('Taxes', 'taxes'),
      money('Credits', 'credits'),
      money('Difference', 'difference'),
      money('Daily costs', 'daily_amount'),
      { label: 'Read', value: (row) => (row.is_complete ? 'with all parts' : 'without its parts') },
    ],
  });
}

function ledgerTable(ledger, leftOut) {
  if (!ledger.length) return nothing('No ledger was read: the stream billing_history has payments and credits.');
  return table({
    caption: 'Payments, credits and invoices',
    rows: ledger,
    pageRows: 24,
    sorted: [0, true],
    note: `The billing ledger; what is paid or credited is negative.${leftOut ? ` ${plural(leftOut, 'older entry is', 'older entries are')} left out.` : ''}`,
    columns: [
      { label: 'Day', kind: 'day', value: (row) => row[0] },
      { label: 'Kind', value: (row) => row[1] },
      { label: 'Entry', long: true, value: (row) => row[2] },
      { label: 'Amount (USD)', kind: 'usd', value: (row) => row[3] },
    ],
  });
}
