/* Data health: how fresh, what is missing and why, and what cannot be attributed. */
function health() {
  const { connections, newest, streams, gaps, has_states: hasStates, holes, unmeasured, unattributed } = data.health;
  const several = data.about.connections > 1;
  const of = (column) => (several ? [{ label: 'Connection', value: column }] : []);
  return section(
    'health',
    'Data health',
    'How fresh the data is, which streams are missing and the scope that opens them, where utilization has gaps, and which cost cannot be attributed.',
    el(
      'div',
      { class: 'columns' },
      el(
        'div',
        {},
        table({
          caption: 'Freshness by connection',
          rows: connections,
          columns: [
            { label: 'Team', value: (row) => row.team || row.connection },
            ...of((row) => row.connection),
            { label: 'Streams with rows', kind: 'count', value: (row) => row.streams },
            { label: 'Newest row read', value: (row) => row.newest, show: (row) => momentText(row.newest) },
            {
              label: 'Stream read longest ago',
              value: (row) => row.oldest_stream,
              show: (row) => (row.oldest_stream ? `${row.oldest_stream}: ${momentText(row.oldest)}` : MISSING),
            },
          ],
        }),
        table({
          caption: 'Newest data',
          rows: newest,
          columns: [
            { label: 'What', value: (row) => row[0] },
            { label: 'Newest day', kind: 'day', value: (row) => row[1] },
          ],
        }),
      ),
      el(
        'div',
        {},
        table({
          caption: 'Cost that cannot be attributed',
          note: `${monthText(data.about.month)}, usage before taxes`,
          rows: unattributed,
          columns: [
            { label: 'What', value: (row) => row[0] },
            { label: 'Cost (USD)', kind: 'usd', value: (row) => row[1] },
            { label: 'Of all', kind: 'percent', value: (row) => row[2] },
            { label: 'Why', long: true, value: (row) => row[3] },
          ],
        }),
      ),
    ),
    streams.length
      ? table({
          caption: 'Streams without rows',
          rows: streams,
          pageRows: 20,
          note: 'A missing stream was never synced. An empty one has nothing to tell, or the token lacks its scope: a sync warns which of both.',
          columns: [
            ...of((row) => row[0]),
            { label: 'Stream', value: (row) => row[1] },
            { label: 'State', value: (row) => row[2] },
            { label: 'Scope that opens it', value: (row) => row[3] },
          ],
        })
      : nothing('Every stream that this page is made of has rows.'),
    gaps.length
      ? table({
          caption: 'Open gaps of utilization',
          note: 'DigitalOcean did not answer; the next sync asks again, for a week.',
          rows: gaps,
          pageRows: 20,
          columns: [
            ...of((row) => row[0]),
            { label: 'Stream', value: (row) => row[1] },
            { label: 'Where', long: true, value: (row) => row[2] },
            { label: 'Metrics', long: true, value: (row) => row[3] },
            { label: 'From', value: (row) => row[4], show: (row) => momentText(row[4]) },
            { label: 'To', value: (row) => row[5], show: (row) => momentText(row[5]) },
          ],
        })
      : nothing(
          hasStates
            ? 'Utilization has no open gap.'
            : 'Open gaps are in the state that the platform keeps, not in this warehouse; the log of a sync names them.',
        ),
    holes.length
      ? table({
          caption: 'Days without utilization',
          note: 'Between the first and the last measured day of the last thirty',
          rows: holes,
          columns: [
            { label: 'Feature', value: (row) => featureText(row[0]) },
            { label: 'From', kind: 'day', value: (row) => row[1] },
            { label: 'To', kind: 'day', value: (row) => row[2] },
            { label: 'Days without', kind: 'count', value: (row) => row[3] },
          ],
        })
      : null,
    unmeasured.length
      ? table({
          caption: 'Resources without measurements',
          note: 'On the newest day with utilization, of the kinds of which some were measured. Savings names the Droplets without a metrics agent.',
          rows: unmeasured,
          columns: [
            { label: 'Kind', value: (row) => featureText(row.resource_type) },
            { label: 'Measured', kind: 'count', value: (row) => row.measured },
            { label: 'Not measured', kind: 'count', value: (row) => row.not_measured },
          ],
        })
      : nothing('On the newest day with utilization, every resource of a measured kind has a figure.'),
  );
}
