/* Savings: what each rule comes to, and every finding with its evidence. */
function savings() {
  const { rules, findings, sum, left_out: leftOut, left_out_saving: rest } = data.savings;
  const intro =
    'What could go or shrink: each finding with its evidence, what it would save in a month, and what to do.';
  if (!rules.length) return section('savings', 'Savings', intro, nothing('No rule found anything.'));
  const byRule = Object.fromEntries(rules.map((rule) => [rule.rule, rule]));
  const rows = findings.map(([rule, name, feature, project, owner, region, evidence, saving, additive, confidence]) => {
    const { title, what_to_do: todo } = byRule[rule];
    const row = { rule, title, name, feature, project, owner, region, evidence, saving, additive, confidence, todo };
    row.text = [title, name, featureText(feature), project, owner, region, evidence, todo].join(' ').toLowerCase();
    return row;
  });
  return section(
    'savings',
    'Savings',
    intro,
    savingsByRule(rules, sum),
    table({
      caption: 'Findings',
      rows,
      sorted: [3, true],
      pageRows: 25,
      note: `A resource may stand under several rules; the sum by rule counts it once.${leftOut ? ` ${plural(leftOut, 'finding', 'findings')} of the smallest savings are left out; together ${usd(rest)} USD a month.` : ''}`,
      search: (row) => row.text,
      searchLabel: 'Search findings',
      columns: [
        { label: 'Resource', value: (row) => row.name },
        { label: 'Finding', value: (row) => row.title },
        { label: 'Feature', value: (row) => featureText(row.feature) },
        { label: 'Saving a month (USD)', kind: 'usd', value: (row) => row.saving },
        { label: 'Evidence', long: true, value: (row) => row.evidence },
        { label: 'What to do', long: true, value: (row) => row.todo },
        { label: 'Confidence', value: (row) => row.confidence },
      ],
    }),
  );
}

function savingsByRule(rules, sum) {
  const columns = [
    { label: 'Rule', value: (row) => row.title },
    { label: 'Findings', kind: 'count', value: (row) => row.findings },
    { label: 'Saving a month (USD)', kind: 'usd', value: (row) => row.saving },
    { label: 'Why', long: true, value: (row) => row.reason },
    { label: 'Who else uses such a threshold', long: true, value: (row) => row.source },
  ];
  const priced = rules.filter((rule) => rule.saving > 0);
  const values = priced.map((rule) => ({ rule: rule.title, usd: rule.saving / 100, text: usd(rule.saving) }));
  return [
    priced.length
      ? chart({
          title: 'Savings by rule',
          unit: 'USD a month, each resource counted once',
          text: () => `All rules together: ${usd(sum)} USD a month.`,
          spec: (colours, width) => ({
            data: { values },
            height: 28 * values.length,
            mark: { type: 'bar', height: 16, color: colours.series[0] },
            encoding: {
              y: names('rule', { labelLimit: width < NARROW ? 150 : 260 }),
              x: { field: 'usd', type: 'quantitative', title: 'USD a month', axis: { format: ',~f', tickCount: 4 } },
              tooltip: [
                { field: 'rule', title: 'Rule' },
                { field: 'text', title: 'USD a month' },
              ],
            },
          }),
        })
      : null,
    table({
      caption: 'Sum by rule',
      rows: rules,
      columns,
      sorted: [2, true],
      foot: ['All', number(rules.reduce((all, rule) => all + rule.findings, 0)), usd(sum), '', ''],
    }),
  ].filter(Boolean);
}
