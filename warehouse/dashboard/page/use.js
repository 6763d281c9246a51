/* Use beside pay: features in a chart and a table, resources as points of which the dear and idle ones are named. */
const SIDES = [
  [1, 9, -6, 'left'],
  [2, -9, -6, 'right'],
  [3, 9, 7, 'left'],
  [0, -9, 7, 'right'],
];
const POINT_COLUMNS = [
  {
    label: 'Resource',
    value: (row) => row.name,
    show: (row) => `${row.number ? `${row.number}. ` : ''}${row.name || MISSING}`,
  },
  { label: 'Feature', value: (row) => featureText(row.feature) },
  { label: 'Cost (USD)', kind: 'usd', value: (row) => row.amount },
  { label: 'In use', kind: 'percent', value: (row) => row.used },
  { label: 'Not used (USD)', kind: 'usd', value: (row) => row.unused },
];

function use() {
  const months = Object.keys(data.use.months);
  const place = el('div');
  const intro =
    'What each feature and resource costs and how much of it is used; what is dear and idle stands in the corner at the top left, and is named.';
  if (!months.length)
    return section('use', 'Use beside pay', intro, nothing('No month has both costs and utilization.'));
  const draw = (month) => {
    charts.splice(0, charts.length, ...charts.filter((one) => !place.contains(one.place)));
    place.replaceChildren(...useMonth(month, data.use.months[month]));
    charts.filter((one) => place.contains(one.place)).forEach(watch);
  };
  draw(months[0]);
  return section(
    'use',
    'Use beside pay',
    intro,
    el('div', { class: 'controls' }, monthChoice(months, draw)),
    place,
  );
}

function useMonth(month, { features, points, points_left_out: leftOut, transfer }) {
  return [
    el(
      'div',
      { class: 'columns' },
      el('div', {}, unusedByFeature(month, features), dearAndIdle(points)),
      el('div', {}, scatter(month, points, leftOut)),
    ),
    featureTable(month, features),
    transferSentence(month, transfer),
  ].flat();
}

function unusedByFeature(month, features) {
  const known = features.filter((one) => one.unused !== null);
  if (!known.length) return nothing(`For ${monthText(month)} no feature with a capacity was measured.`);
  const series = ['Paid and not used', 'Used, or not measured'];
  const values = known.flatMap((one) =>
    [
      [series[0], one.unused],
      [series[1], one.amount - one.unused],
    ].map(([part, cents], order) => ({
      feature: featureText(one.feature),
      part,
      order,
      usd: cents / 100,
      text: usd(cents),
    })),
  );
  const top = known.reduce((a, b) => (b.unused > a.unused ? b : a));
  return chart({
    title: 'What is paid and not used',
    unit: `USD in ${monthText(month)}, features with a capacity that was measured`,
    text: () => `Most of it is in ${featureText(top.feature)}: ${usd(top.unused)} of ${usd(top.amount)} USD.`,
    figures: () =>
      table({
        caption: 'What is paid and not used',
        note: 'USD',
        rows: known,
        sorted: [2, true],
        columns: [
          { label: 'Feature', value: (row) => featureText(row.feature) },
          { label: 'Cost (USD)', kind: 'usd', value: (row) => row.amount },
          { label: 'Not used (USD)', kind: 'usd', value: (row) => row.unused },
        ],
      }),
    spec: (colours, width) => ({
      data: { values },
      height: 30 * known.length,
      mark: { type: 'bar', height: 18 },
      encoding: {
        y: names('feature'),
        x: { field: 'usd', type: 'quantitative', title: 'USD in the month', axis: { format: ',~f', tickCount: 4 } },
        order: { field: 'order' },
        color: {
          field: 'part',
          scale: { domain: series, range: [colours.series[5], colours.rest] },
          legend: { columns: width < NARROW ? 1 : 2 },
        },
        tooltip: [
          { field: 'feature', title: 'Feature' },
          { field: 'part', title: 'Part' },
          { field: 'text', title: 'USD' },
        ],
      },
    }),
  });
}

function scatter(month, points, leftOut) {
  if (!points.length) return nothing(`For ${monthText(month)} no resource has both a cost and a measured use.`);
  const named = points.filter((one) => one.number);
  const values = points.map((one) => ({
    used: one.used,
    usd: Math.max(one.amount, 1) / 100,
    group: featureGroup(one.feature),
    name: one.name || MISSING,
    text: usd(one.amount),
    percent: percentText(one.used),
    number: one.number,
  }));
  const found = new Set(values.map((one) => one.group));
  const groups = featureScale(theme()).domain.filter((group) => found.has(group));
  const x = {
    field: 'used',
    type: 'quantitative',
    title: 'In use on average, percent',
    scale: { domain: [0, Math.max(100, ...values.map((one) => one.used))] },
    axis: { tickCount: 5 },
  };
  const y = {
    field: 'usd',
    type: 'quantitative',
    title: 'USD in the month (logarithmic)',
    scale: { type: 'log', nice: true },
    axis: { format: ',~f', tickCount: 5 },
  };
  return chart({
    title: 'Resources: cost by use',
    unit: `USD in ${monthText(month)} by percent in use; each point is a resource`,
    text: () =>
      named.length ? `Dear and idle: ${named.map((one) => one.name).join(', ')}.` : 'None is both dear and idle.',
    figures: () =>
      table({
        caption: 'Resources: cost by use',
        note: leftOut ? `${number(leftOut)} resources of which less is unused are left out.` : null,
        rows: points,
        columns: POINT_COLUMNS,
        sorted: [4, true],
      }),
    spec: (colours) => ({
      data: { values },
      height: 300,
      encoding: { x, y },
      layer: [
        {
          mark: {
            type: 'point',
            filled: true,
            size: values.length > 200 ? 25 : 55,
            opacity: values.length > 200 ? 0.4 : 0.75,
          },
          encoding: {
            color: { field: 'group', scale: featureScale(colours), legend: { values: groups, columns: 3 } },
            shape: { field: 'group', scale: { domain: groups }, legend: { values: groups, columns: 3 } },
            tooltip: [
              { field: 'name', title: 'Resource' },
              { field: 'group', title: 'Feature' },
              { field: 'text', title: 'USD' },
              { field: 'percent', title: 'In use' },
            ],
          },
        },
        /* Neighbours have their numbers on different sides. */
        ...SIDES.filter(([side]) => named.some((one) => one.number % 4 === side)).map(([side, dx, dy, align]) => ({
          transform: [{ filter: `datum.number && datum.number % 4 == ${side}` }],
          mark: { type: 'text', dx, dy, align, fontWeight: 'bold' },
          encoding: { text: { field: 'number' } },
        })),
      ],
    }),
  });
}

function dearAndIdle(points) {
  const named = points.filter((one) => one.number);
  return named.length
    ? table({
        caption: 'Dear and idle',
        note: 'The numbered points: less than half in use, the most unused first',
        rows: named,
        columns: POINT_COLUMNS,
      })
    : null;
}

function featureTable(month, features) {
  return table({
    caption: `Cost and use of each feature in ${monthText(month)}`,
    note: 'What was not measured has no figure. The unused part and the cost of one are of the resources that were measured.',
    rows: features,
    sorted: [1, true],
    columns: [
      { label: 'Feature', value: (row) => featureText(row.feature) },
      { label: 'Cost (USD)', kind: 'usd', value: (row) => row.amount },
      { label: 'Billed', kind: 'count', value: (row) => row.billed },
      { label: 'Measured', kind: 'count', value: (row) => row.measured },
      { label: 'In use', kind: 'percent', value: (row) => row.used },
      { label: 'Not used (USD)', kind: 'usd', value: (row) => row.unused },
      { label: 'Used', kind: 'count', value: (row) => row.used_quantity, show: (row) => number(row.used_quantity, 2) },
      { label: 'USD for one', kind: 'count', value: (row) => row.unit_cost, show: (row) => number(row.unit_cost, 4) },
      { label: 'One is', long: true, value: (row) => row.used_unit },
    ],
  });
}

function transferSentence(month, transfer) {
  if (transfer.allowance === null) return [];
  const measured =
    transfer.outbound === null
      ? 'nothing was measured'
      : `${number(transfer.outbound)} GiB were measured, ${percentText(transfer.used)}`;
  return [
    el(
      'p',
      {},
      `Outbound transfer: the Droplets of ${monthText(month)} earned ${number(transfer.allowance)} GiB together, of which ${measured}; ${number(transfer.measured)} of ${number(transfer.droplets)} Droplets were measured.`,
    ),
  ];
}
