// How the person writes beside the drafts: small figures, drawn when there is room and redrawn when the theme changes.
// The server wrote every word; colours come from style.css.
const section = element.querySelector('.voice-figures'), grid = element.querySelector('.grid');
const note = element.querySelector('[data-note]'), warning = element.querySelector('[data-warning]');
const make = (tag, name, text = '') => Object.assign(document.createElement(tag), { className: name, textContent: text });
let figures = [];

function update() {
  const data = props.value ? JSON.parse(props.value) : { note: '', warnings: [], figures: [] };
  section.hidden = !data.note;
  element.querySelector('[data-legend]').hidden = !data.figures.length;
  note.textContent = data.note;
  warning.hidden = !data.warnings.length;
  warning.replaceChildren(...data.warnings.map((said) => make('p', '', said)));
  grid.querySelectorAll('.plot').forEach((plot) => window.Plotly && window.Plotly.purge(plot));
  figures = data.figures.map((figure) => {
    const plot = make('div', 'plot');
    plot.setAttribute('role', 'img');
    plot.setAttribute('aria-label', `${figure.title}. ${figure.sentence}`);
    plot.style.height = `${figure.kind === 'bars' ? 210 : 52 + 24 * Math.max(figure.labels.length, 1)}px`;
    const box = make('figure', '');
    box.append(make('h4', '', figure.title), make('p', 'quiet', figure.sentence), plot);
    return { ...figure, plot, box };
  });
  grid.replaceChildren(...figures.map((figure) => figure.box));
  draw();
}

function draw() {
  if (!figures.length || !grid.clientWidth) return;
  if (!window.Plotly) { setTimeout(draw, 150); return; }
  const style = getComputedStyle(grid);
  const of = (name) => style.getPropertyValue(name).trim();
  const c = { text: of('--text'), quiet: of('--quiet'), line: of('--line'), voice: of('--voice'), draft: of('--draft'), sheet: of('--sheet') };
  for (const figure of figures) {
    const bars = figure.kind === 'bars';
    const axis = { fixedrange: true, zeroline: false, linecolor: c.line, tickfont: { color: c.quiet, size: 13 } };
    const value = { ...axis, rangemode: 'tozero', gridcolor: c.line, nticks: 5, title: { text: figure.unit, font: { size: 13, color: c.quiet }, standoff: 6 } };
    const name = { ...axis, type: 'category', gridcolor: 'rgba(0,0,0,0)', tickfont: { color: c.text, size: bars ? 12 : 14 }, tickangle: 0, ticklabelstandoff: bars ? 0 : 10 };
    if (figure.until) value.range = [0, figure.until];
    const rows = figure.labels.map((label, i) => figure.labels.indexOf(label) === i ? label : `${label} `);
    const trace = (side, words, colour) => bars
      ? { type: 'bar', x: rows, y: side, marker: { color: colour } }
      : { type: 'scatter', mode: 'markers', x: side, y: rows, marker: { color: colour, size: 11 }, cliponaxis: false };
    const traces = [['other', 1, c.draft], ['own', 0, c.voice]].map(([side, i, colour]) => ({
      ...trace(figure[side], figure.hover[i], colour), customdata: figure.hover[i], hovertemplate: '%{customdata}<extra></extra>',
    }));
    window.Plotly.react(figure.plot, traces, {
      autosize: true, height: figure.plot.clientHeight, showlegend: false, barmode: 'group', bargap: .25, bargroupgap: 0,
      margin: { l: bars ? 34 : Math.max(16, 26 + 7 * Math.max(...rows.map((row) => row.length))), r: 14, t: 6, b: 44 },
      paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      font: { family: style.fontFamily, size: 13, color: c.quiet }, hovermode: 'closest', dragmode: false,
      hoverlabel: { bgcolor: c.sheet, bordercolor: c.line, font: { color: c.text, size: 13 }, align: 'left' },
      xaxis: bars ? name : value, yaxis: bars ? { ...value, title: undefined } : { ...name, autorange: 'reversed' },
      shapes: bars ? [] : rows.map((row, i) => ({
        type: 'line', layer: 'below', x0: figure.own[i], x1: figure.other[i], y0: i, y1: i, line: { color: c.line, width: 3 },
      })),
    }, { displayModeBar: false, responsive: true });
  }
}

update();
watch('value', update);
let width = 0;
new ResizeObserver(() => { if (grid.clientWidth !== width) { width = grid.clientWidth; draw(); } }).observe(grid);
new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ['class'] });
