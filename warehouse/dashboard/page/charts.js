/* Vega-Lite charts: drawn when they come into view, in the colours of the reader's scheme, and again when those or the
   width change. Expressions are interpreted, because the page's policy forbids to make code of text. */
const NARROW = 560;
const charts = [];
/* Has a chart drawn when it comes into view; there is nothing to look at before the page stands. */
let watch = () => {};

function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour('ink'),
    quiet: colour('quiet'),
    line: colour('line'),
    paper: colour('paper'),
    up: colour('up'),
    rest: colour('series-rest'),
    series: [1, 2, 3, 4, 5, 6].map((at) => colour(`series-${at}`)),
  };
}

function config(colours) {
  const font = 'system-ui, sans-serif';
  return {
    background: null,
    font,
    aria: false,
    padding: 2,
    view: { stroke: null },
    axis: {
      labelColor: colours.quiet,
      titleColor: colours.quiet,
      titleFontWeight: 'normal',
      gridColor: colours.line,
      domainColor: colours.line,
      tickColor: colours.line,
      labelFontSize: 12,
      titleFontSize: 12,
      labelLimit: 150,
    },
    legend: {
      labelColor: colours.ink,
      titleColor: colours.quiet,
      labelFontSize: 12,
      titleFontSize: 12,
      orient: 'top',
      title: null,
      labelLimit: 180,
      symbolType: 'square',
      columnPadding: 12,
    },
    text: { color: colours.ink, fontSize: 12 },
  };
}

/* options: title, unit, text() (for those who do not see it), spec(colours, width), figures: the table with the same
   figures, made when it is opened. */
function chart(options) {
  /* Vega gives its container a label of its own, which says nothing. */
  const place = el('div', { 'aria-hidden': 'true' });
  const details =
    options.figures &&
    el(
      'details',
      {
        toggle: () => {
          if (details.open && details.children.length === 1) details.append(options.figures());
        },
      },
      el('summary', {}, `The figures of “${options.title}” as a table`),
    );
  const label = () => `${options.title}. ${options.text()}`;
  const image = el('div', { class: 'chart', role: 'img', 'aria-label': label() }, place);
  const figure = el(
    'figure',
    {},
    el('figcaption', {}, options.title, el('span', { class: 'note' }, options.unit)),
    ...(options.controls ? [el('div', { class: 'controls' }, options.controls)] : []),
    image,
    details,
  );
  charts.push({ place, spec: options.spec, view: null, width: 0, seen: false });
  figure.redraw = () => {
    image.setAttribute('aria-label', label());
    charts.filter((one) => one.place === place && one.seen).forEach(drawChart);
  };
  return figure;
}

function drawChart(one) {
  const width = one.place.clientWidth;
  if (!width) return;
  one.seen = true;
  one.width = width;
  one.view?.finalize();
  const colours = theme();
  const spec = { autosize: { type: 'fit-x', contains: 'padding' }, width, ...one.spec(colours, width) };
  const runtime = vega.parse(vegaLite.compile(spec, { config: config(colours) }).spec, null, { ast: true });
  const refuse = () => Promise.reject(new Error('A chart loads nothing.'));
  one.view = new vega.View(runtime, {
    renderer: 'svg',
    container: one.place,
    hover: true,
    expr: vegaInterpreter,
    logLevel: vega.Warn,
    tooltip: showTip,
    loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse },
  });
  one.view.run();
}

function showTip(handler, event, item, value) {
  const tip = document.getElementById('tip');
  if (!value) {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren(...Object.entries(value).map(([name, text]) => el('div', {}, `${name}: ${text}`)));
  tip.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = tip;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, innerWidth - width - 8))}px`;
  tip.style.top = `${Math.max(4, event.clientY - height - 12)}px`;
}

function watchCharts() {
  const unseen = new IntersectionObserver(
    (entries) =>
      entries.forEach((entry) => {
        if (!entry.isIntersecting) return;
        unseen.unobserve(entry.target);
        drawChart(charts.find((one) => one.place === entry.target));
      }),
    { rootMargin: '300px' },
  );
  const resized = new ResizeObserver((entries) =>
    entries.forEach((entry) => {
      const one = charts.find((candidate) => candidate.place === entry.target);
      if (one?.seen && one.place.clientWidth !== one.width) requestAnimationFrame(() => drawChart(one));
    }),
  );
  watch = (one) => {
    unseen.observe(one.place);
    resized.observe(one.place);
  };
  charts.forEach(watch);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    charts.filter((one) => one.seen).forEach(drawChart),
  );
  /* Paper is white, and what was never scrolled to is printed as well. */
  addEventListener('beforeprint', () => {
    document.documentElement.dataset.scheme = 'light';
    charts.forEach(drawChart);
  });
  addEventListener('afterprint', () => {
    delete document.documentElement.dataset.scheme;
    charts.forEach(drawChart);
  });
}

/* The dearest features have a colour each, the same in every chart; all others share one. */
// The names at the left of a bar chart, in the order of the rows unless they are sorted.
function names(field, { sort = null, ...more } = {}) {
  return { field, type: 'nominal', sort, title: null, axis: { ticks: false, domain: false, labelPadding: 6, ...more } };
}

function featureScale(colours) {
  const named = data.cost.daily.features.slice(0, colours.series.length);
  return {
    domain: [...named.map(featureText), 'Other features'],
    range: [...colours.series.slice(0, named.length), colours.rest],
  };
}

function featureGroup(feature) {
  const named = data.cost.daily.features.slice(0, 6);
  return named.includes(feature) ? featureText(feature) : 'Other features';
}
