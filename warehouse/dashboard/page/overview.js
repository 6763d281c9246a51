/* Overview: the month, what changed, and what to do first. */
function overview() {
  const { about, overview: figures } = data;
  const month = monthText(about.month);
  const last = monthText(about.last_month);
  return section(
    'overview',
    'Overview',
    `What ${month} has cost so far and will come to, what changed most, and what can be saved first.`,
    tiles(
      {
        name: 'month-to-date',
        label: figures.month_is_issued ? `${month}, as invoiced` : `${month} to date`,
        cents: figures.month_to_date,
        note:
          figures.month_to_date === null
            ? 'No costs of this month were read.'
            : figures.month_is_issued
              ? 'Usage before taxes; the open month was not read.'
              : `Usage before taxes, from ${figures.month_to_date_from}.`,
      },
      { name: 'forecast', label: `Forecast for ${month}`, cents: figures.forecast, note: forecastNote(figures) },
      {
        name: 'last-month',
        label: `${last}, usage`,
        cents: figures.last_month,
        note:
          figures.last_month_invoiced === null
            ? 'Before taxes.'
            : `Before taxes; invoiced with them: ${usd(figures.last_month_invoiced)} USD.`,
      },
      {
        name: 'savings',
        label: 'Can be saved in a month',
        cents: figures.savings,
        note: `${plural(figures.findings, 'finding', 'findings')}; those of unknown saving count as nothing.`,
      },
    ),
    el(
      'div',
      { class: 'columns' },
      el('div', {}, byFeature(month, last), changed()),
      el('div', {}, largest(), anomalies()),
    ),
  );
}

function forecastNote(figures) {
  if (figures.forecast === null) return 'No daily costs of this month were read.';
  const error =
    figures.forecast_error === null
      ? ''
      : ` The same method was off by ${percentText(figures.forecast_error)} on average in past months.`;
  return `Usage before taxes, as of ${dayText(figures.forecast_day)}.${error}`;
}

function byFeature(month, last) {
  const { features } = data.overview;
  if (!features.length) return nothing('No costs by feature: neither invoices nor daily costs were read.');
  const shown = features.slice(0, 12);
  const series = [`${month} to date`, last];
  const values = shown.flatMap((one) =>
    [
      [series[0], one.current],
      [series[1], one.last],
    ].map(([name, cents]) => ({
      feature: featureText(one.feature),
      month: name,
      usd: (cents || 0) / 100,
      text: usd(cents),
    })),
  );
  const figures = () =>
    table({
      caption: 'Cost by feature',
      note: 'USD, usage before taxes',
      rows: features,
      sorted: [1, true],
      columns: [
        { label: 'Feature', value: (row) => featureText(row.feature) },
        { label: `${series[0]} (USD)`, kind: 'usd', value: (row) => row.current },
        { label: `${last} (USD)`, kind: 'usd', value: (row) => row.last },
      ],
    });
  const dearest = shown[0];
  return chart({
    title: 'Cost by feature',
    unit: `USD, usage before taxes${features.length > shown.length ? `; the ${shown.length} dearest of ${features.length}` : ''}`,
    text: () => `The dearest is ${featureText(dearest.feature)} with ${usd(dearest.current)} USD.`,
    figures,
    spec: (colours, width) => ({
      data: { values },
      height: 24 * shown.length,
      mark: { type: 'bar' },
      encoding: {
        y: names('feature'),
        yOffset: { field: 'month', sort: series },
        x: { field: 'usd', type: 'quantitative', title: 'USD', axis: { format: ',~f', tickCount: 4 } },
        color: {
          field: 'month',
          scale: { domain: series, range: [colours.series[0], colours.series[1]] },
          legend: { columns: width < NARROW ? 1 : 2 },
        },
        tooltip: [
          { field: 'feature', title: 'Feature' },
          { field: 'month', title: 'Month' },
          { field: 'text', title: 'USD' },
        ],
      },
    }),
  });
}

function largest() {
  const { largest: found } = data.overview;
  return [
    el('h3', {}, 'The largest findings'),
    found.length
      ? el(
          'ol',
          { class: 'findings' },
          found.map((one) =>
            el(
              'li',
              {},
              el('strong', {}, `${one.title}: ${one.name || MISSING}`),
              `, ${usd(one.saving)} USD a month. ${one.evidence} ${one.what_to_do || ''}`,
            ),
          ),
        )
      : nothing('No rule found anything that would save money.'),
  ];
}

function changed() {
  const { changes, changes_until: until } = data.overview;
  if (!changes.length)
    return [
      el('h3', {}, 'What changed most'),
      nothing('No feature costs more or less than on the same days of last month.'),
    ];
  return table({
    caption: 'What changed most',
    note: `The first ${plural(until, 'day', 'days')} of both months, by the daily costs`,
    rows: changes,
    columns: [
      { label: 'Feature', value: (row) => featureText(row.feature) },
      { label: 'This month (USD)', kind: 'usd', value: (row) => row.now },
      { label: 'Last month (USD)', kind: 'usd', value: (row) => row.earlier },
      {
        label: 'Change (USD)',
        kind: 'change',
        value: (row) => row.change,
        show: (row) => el('span', { class: row.change > 0 ? 'up' : 'down' }, signed(row.change)),
      },
    ],
  });
}

function anomalies() {
  const { anomalies: found } = data.overview;
  if (!found.length) return null;
  return table({
    caption: 'Days out of the ordinary',
    note: 'In the last thirty days, beside the median of the four weeks before',
    rows: found,
    columns: [
      { label: 'Day', kind: 'day', value: (row) => row.day },
      { label: 'Feature', value: (row) => featureText(row.feature) },
      { label: 'Cost (USD)', kind: 'usd', value: (row) => row.amount },
      { label: 'Expected (USD)', kind: 'usd', value: (row) => row.expected },
    ],
  });
}
