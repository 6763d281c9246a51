/* The page: header, sections in order, and the charts as they come into view. */
const data = JSON.parse(document.getElementById('data').textContent);

function build() {
  const sections = [overview(), cost(), use(), savings(), invoices(), resources(), health()];
  const teams = data.about.teams.join(', ') || 'nobody';
  document.title = `DigitalOcean: cost and use of ${teams}`;
  document
    .getElementById('top')
    .append(
      el('h1', {}, `DigitalOcean: cost and use of ${teams}`),
      el(
        'p',
        { class: 'about' },
        data.about.moment ? `Data of ${momentText(data.about.moment)}.` : 'The warehouse holds no data yet.',
      ),
    );
  if (data.about.synced_later) {
    document
      .getElementById('top')
      .append(
        el(
          'p',
          {},
          `The warehouse was synced on ${momentText(data.about.synced_later)}, after these models were built: build them again to see that data.`,
        ),
      );
  }
  const links = sections.map((one) =>
    el('li', {}, el('a', { href: `#${one.id}` }, one.querySelector('h2').textContent)),
  );
  document.getElementById('main').before(el('nav', { 'aria-label': 'Sections' }, el('ul', {}, links)));
  document.getElementById('main').replaceChildren(...sections);
  document
    .getElementById('foot')
    .append(
      'Made by source-digitalocean-quolum-dashboard from the models of this warehouse. Charts: Vega-Lite. The file fetches nothing.',
    );
  document.body.append(el('div', { id: 'tip', hidden: true }));
  watchCharts();
}

build();
