// A comparison in two figures, drawn once and then updated in place; the server wrote every word, colours come from style.css.
// What was learnt from the text is warm ink, what needs no training slate.
const section = element.querySelector('.compared-figures');
const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
const DASHES = ['solid', 'dash', 'dot', 'dashdot', 'longdash', 'longdashdot'];
const boxes = new Map();  // what each kind of figure is drawn in
let figures = [];

function update() {
  figures = props.value ? JSON.parse(props.value).figures : [];
  section.hidden = !figures.length;
  for (const figure of figures) {
    if (!boxes.has(figure.kind)) {
      const box = make('figure', ''), parts = { box, title: make('h3', ''), sentence: make('p', 'quiet'), plot: make('div', 'plot') };
      parts.plot.setAttribute('role', 'img');
      box.append(parts.title, parts.sentence, parts.plot);
      section.append(box);
      boxes.set(figure.kind, parts);
    }
    const { title, sentence, plot } = boxes.get(figure.kind);
    title.textContent = figure.title;
    sentence.textContent = figure.sentence;
    plot.setAttribute('aria-label', `${figure.title}. ${figure.sentence}`);
    plot.style.height = `${figure.kind === 'came' ? 70 + 25 * (figure.rows.length + figure.heads.length + figure.floors.length) : 340}px`;
  }
  for (const [kind, { box }] of boxes) box.hidden = !figures.some((figure) => figure.kind === kind);
  draw();
}

const says = '%{customdata}<extra></extra>';

function came(figure, c) {
  const every = (list, pick) => figure.rows.flatMap((row) => row[list].map((value) => pick(row, value)));
  const means = figure.rows.filter((row) => row.mean !== null);
  const least = Math.min(...figure.floors.map((floor) => floor.x));
  const named = [...figure.rows, ...figure.floors];
  return {
    traces: [
      { mode: 'markers', x: every('dots', (row, dot) => dot), y: every('dots', (row) => row.y), customdata: figure.rows.flatMap((row) => row.words),
        hovertemplate: says, marker: { color: c.voice, size: 9, opacity: .55 } },
      { mode: 'markers', x: means.map((row) => row.mean), y: means.map((row) => row.y), hoverinfo: 'skip',
        error_x: { type: 'data', array: means.map((row) => row.spread), color: c.voice, thickness: 1.6, width: 4 },
        marker: { symbol: 'line-ns-open', color: c.voice, size: 15, line: { width: 2.4 } } },
      { mode: 'markers', x: figure.floors.map((floor) => floor.x), y: figure.floors.map((floor) => floor.y), hovertemplate: says,
        customdata: figure.floors.map((floor) => floor.words), marker: { color: c.draft, size: 9, symbol: 'diamond' } },
    ],
    layout: {
      margin: { l: 24 + 7 * Math.max(...named.map((row) => row.label.length)), r: 14, t: 4, b: 46 },
      xaxis: { gridcolor: c.line, nticks: 6, title: { text: figure.unit, font: { size: 13, color: c.quiet }, standoff: 6 } },
      yaxis: {
        range: [Math.max(...named.map((row) => row.y), ...figure.heads.map((head) => head.y)) + .7, -.7], gridcolor: 'rgba(0,0,0,0)',
        tickvals: named.map((row) => row.y), ticktext: named.map((row) => row.label), tickfont: { color: c.text, size: 14 }, ticklabelstandoff: 8,
      },
      shapes: figure.floors.length ? [{ type: 'line', layer: 'below', x0: least, x1: least, yref: 'paper', y0: 0, y1: 1,
        line: { color: c.draft, width: 1, dash: 'dot' } }] : [],
      annotations: figure.heads.map((head) => ({ xref: 'paper', x: 0, y: head.y, text: `<b>${head.label}</b>`, showarrow: false, xanchor: 'left',
        font: { color: c.quiet, size: 13 }, bgcolor: c.paper, borderpad: 2 })),
    },
  };
}

function way(figure, c) {
  const dash = (line) => DASHES[line.number % DASHES.length];
  const faint = (line) => line.runs.map((run) => ({
    mode: 'lines', x: run.x, y: run.y, hoverinfo: 'skip', showlegend: false, opacity: .3, line: { color: c.voice, width: 1, dash: dash(line) },
  }));
  const mean = (line) => ({
    name: line.name, mode: 'lines+markers', x: line.x, y: line.y, customdata: line.words, hovertemplate: says, showlegend: true,
    line: { color: c.voice, width: 2, dash: dash(line) }, marker: { color: c.voice, size: 5 },
  });
  return {
    traces: [...figure.lines.flatMap(faint), ...figure.lines.map(mean)],
    layout: {
      margin: { l: 44, r: 14, t: 8, b: 46 }, showlegend: true,
      legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom', font: { color: c.text, size: 13 }, itemwidth: 44, itemclick: false, itemdoubleclick: false },
      xaxis: { range: [0, 1.02 * Math.max(figure.until, ...figure.lines.flatMap((line) => line.x))], gridcolor: 'rgba(0,0,0,0)', linecolor: c.line,
        title: { text: figure.unit, font: { size: 13, color: c.quiet }, standoff: 6 } },
      yaxis: { gridcolor: c.line, nticks: 6 },
    },
  };
}

function draw() {
  if (!figures.length || !section.clientWidth) return;
  if (!window.Plotly) { setTimeout(draw, 150); return; }
  const style = getComputedStyle(section);
  const of = (name) => style.getPropertyValue(name).trim();
  const c = Object.fromEntries(['text', 'quiet', 'line', 'voice', 'draft', 'sheet', 'paper'].map((name) => [name, of(`--${name}`)]));
  for (const figure of figures) {
    const { plot } = boxes.get(figure.kind);
    const { traces, layout } = (figure.kind === 'came' ? came : way)(figure, c);
    const axis = { fixedrange: true, zeroline: false, tickfont: { color: c.quiet, size: 13 } };
    window.Plotly.react(plot, traces.map((trace) => ({ type: 'scatter', cliponaxis: false, ...trace })), {
      autosize: true, height: plot.clientHeight, showlegend: false, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
      font: { family: style.fontFamily, size: 13, color: c.quiet }, hovermode: 'closest', dragmode: false,
      hoverlabel: { bgcolor: c.sheet, bordercolor: c.line, font: { color: c.text, size: 13 }, align: 'left' },
      ...layout, xaxis: { ...axis, ...layout.xaxis }, yaxis: { ...axis, ...layout.yaxis },
    }, { displayModeBar: false, responsive: true });
  }
}

update();
watch('value', update);
let width = 0;
new ResizeObserver(() => { if (section.clientWidth !== width) { width = section.clientWidth; draw(); } }).observe(section);
new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ['class'] });
