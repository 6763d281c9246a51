/* Cost: stacked days, and lines of a month that open to their resources. */
const NOBODY = { feature: 'No feature', project: 'No project', tag: 'No tag', owner: 'No owner', region: 'No region' };
const DIMENSIONS = { feature: 'feature', project: 'project', tag: 'tag', owner: 'owner', region: 'region' };

function cost() {
  return section(
    'cost',
    'Cost',
    'What each day cost, by feature, and what each month cost by feature, project, tag, owner and region; a line opens to its resources.',
    costByDay(),
    costByLine(),
  );
}

function costByDay() {
  const { daily } = data.cost;
  if (!daily.days.length) return nothing('No daily costs were read: the stream billing_insights has them.');
  const spans = [
    ['30', 'last 30 days'],
    ['90', 'last 90 days'],
    [String(daily.days.length), `all ${daily.days.length} days`],
  ].filter(([days], at, all) => at === all.length - 1 || Number(days) < daily.days.length);
  let days = Number(spans[Math.min(1, spans.length - 1)][0]);
  const groups = [...new Set([...daily.features.map(featureGroup)])];
  const cents = daily.days.map((_, at) => {
    const sums = Object.fromEntries(groups.map((group) => [group, 0]));
    daily.features.forEach((feature, row) => {
      sums[featureGroup(feature)] += daily.amounts[row][at];
    });
    return sums;
  });
  const from = () => Math.max(0, daily.days.length - days);
  const figures = () =>
    table({
      caption: 'Cost by day',
      note: 'USD',
      sorted: [0, true],
      rows: daily.days.map((day, at) => ({ day, at })),
      pageRows: 31,
      columns: [
        { label: 'Day', kind: 'day', value: (row) => row.day },
        ...groups.map((group) => ({ label: group, kind: 'usd', value: (row) => cents[row.at][group] })),
        { label: 'Sum', kind: 'usd', value: (row) => daily.sums[row.at] },
      ],
    });
  const newest = daily.days.length - 1;
  const figure = chart({
    title: 'Cost by day',
    unit: 'USD a day, stacked by feature; days are in UTC',
    text: () => `On ${dayText(daily.days[newest])} all features together cost ${usd(daily.sums[newest])} USD.`,
    figures,
    controls: [
      choice('Days', spans, String(days), (value) => {
        days = Number(value);
        figure.redraw();
      }),
    ],
    spec: (colours, width) => {
      const values = [];
      for (let at = from(); at < daily.days.length; at += 1) {
        groups.forEach((group, order) =>
          values.push({
            day: Date.parse(daily.days[at]),
            group,
            order,
            usd: cents[at][group] / 100,
            text: usd(cents[at][group]),
            name: dayText(daily.days[at]),
            sum: usd(daily.sums[at]),
          }),
        );
      }
      return {
        data: { values },
        height: 280,
        mark: { type: 'bar' },
        encoding: {
          x: {
            field: 'day',
            type: 'temporal',
            timeUnit: 'utcyearmonthdate',
            title: 'Day',
            axis: { format: '%-d %b', labelOverlap: true, tickCount: width < NARROW ? 4 : 8, grid: false },
          },
          y: { field: 'usd', type: 'quantitative', title: 'USD a day', axis: { format: ',~f', tickCount: 5 } },
          order: { field: 'order' },
          color: {
            field: 'group',
            scale: featureScale(colours),
            legend: { columns: width < NARROW ? 2 : 7, values: groups },
          },
          tooltip: [
            { field: 'name', title: 'Day' },
            { field: 'group', title: 'Feature' },
            { field: 'text', title: 'USD' },
            { field: 'sum', title: 'All features, USD' },
          ],
        },
      };
    },
  });
  return figure;
}

function costByLine() {
  const { months, dimensions } = data.cost;
  if (!months.length)
    return nothing('No billed lines were read: the streams invoice_items and invoice_preview_items have them.');
  let month = months[0];
  let dimension = 'feature';
  const place = el('div', { id: 'cost-lines' });
  const draw = () => place.replaceChildren(costLines(dimension, month, dimensions[dimension][month]));
  draw();
  return [
    el('h3', {}, 'Cost of a month'),
    el(
      'div',
      { class: 'controls' },
      monthChoice(months, (value) => {
        month = value;
        draw();
      }),
      choice('By', Object.entries(DIMENSIONS), dimension, (value) => {
        dimension = value;
        draw();
      }),
    ),
    place,
  ];
}

function costLines(dimension, month, { sum, lines, others, others_shared: rest }) {
  const label = (row) =>
    row.value === null ? NOBODY[dimension] : dimension === 'feature' ? featureText(row.value) : row.value;
  const isTag = dimension === 'tag';
  const opens = data.cost.months_with_resources.includes(month);
  const share = (row) => (sum > 0 ? (100 * row.shared) / sum : null);
  const columns = [
    { label: dimension[0].toUpperCase() + dimension.slice(1), value: label },
    { label: 'Cost (USD)', kind: 'usd', value: (row) => row.amount },
    ...(isTag ? [{ label: 'Shared among tags (USD)', kind: 'usd', value: (row) => row.shared }] : []),
    { label: 'Of all', kind: 'percent', value: share },
  ];
  const pad = isTag ? [''] : [];
  const children = (row) =>
    !row.resources
      ? []
      : [
          ...row.resources.map(([name, feature, cents]) => [
            `${name || MISSING} (${featureText(feature)})`,
            usd(cents),
            ...pad,
            '',
          ]),
          ...(row.more || row.more_amount
            ? [
                [
                  row.more
                    ? `${plural(row.more, 'other resource', 'other resources')} or lines`
                    : 'Without a resource, or rounding',
                  usd(row.more_amount),
                  ...pad,
                  '',
                ],
              ]
            : []),
        ];
  const sentences = [
    'Usage before taxes.',
    isTag
      ? 'A resource with several tags stands under each with its whole cost; the shared cost divides it and adds up to the bill.'
      : '',
    opens ? 'A line opens to its ten dearest resources.' : 'Resources are listed for the two newest months only.',
    others ? `${plural(others, 'smaller line is', 'smaller lines are')} left out; together ${usd(rest)} USD.` : '',
  ];
  return table({
    caption: `Cost of ${monthText(month)} by ${dimension}`,
    note: sentences.filter(Boolean).join(' '),
    rows: lines,
    columns,
    children,
    sorted: [1, true],
    foot: ['All', isTag ? '' : usd(sum), ...(isTag ? [usd(sum)] : []), ''],
  });
}
