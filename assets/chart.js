// The learning curve: drawn once, then updated in place, so that a zoom survives every new point.
// Colours come from style.css and change with the theme; hover speaks in words that the server wrote.
const box = element.querySelector('.chart'), legend = element.querySelector('[data-others]');
const DASHES = ['dash', 'dot', 'longdashdot'];
let others = [];  // the runs laid over

function colours() {
  const style = getComputedStyle(box);
  const of = (name) => style.getPropertyValue(name).trim();
  return { text: of('--text'), quiet: of('--quiet'), line: of('--line'), voice: of('--voice'), sheet: of('--sheet'), paper: of('--paper') };
}

function minutes(most) {
  const steps = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const step = steps.find((s) => most / s <= 6) || 36000;
  const at = [];
  for (let t = 0; t <= most; t += step) at.push(t);
  const word = (t) => step < 60 || t % 60 ? `${Math.floor(t / 60)}:${String(t % 60).padStart(2, '0')}` : `${t / 60} min`;
  return { at, words: at.map(word) };
}

// The first seconds fall so steeply that they would flatten the rest, so the line enters from above.
function top(data, last) {
  const late = data.learnt.x.findIndex((x) => x > last * .04);
  if (late < 0 || data.learnt.x[data.learnt.x.length - 1] < last * .1) return null;
  const values = data.learnt.y.slice(late).concat(data.held.y, ...others.map((run) => [...run.held.y, ...run.learnt.smooth.slice(-1)]));
  const high = Math.max(...values), low = Math.min(...values), pad = (high - low) * .08 + .02;
  return [low - pad, high + pad];
}

// A zoom is the person's until they double-click; new points change nothing about it.
let zoom = null, listening = false;
function keep(change) {
  if ('xaxis.autorange' in change || 'yaxis.autorange' in change) { zoom = null; setTimeout(draw); return; }
  if (Object.keys(change).some((key) => key.includes('axis.range'))) {
    zoom = [box.layout.xaxis.range.slice(), box.layout.yaxis.range.slice()];
  }
}

function draw() {
  if (!window.Plotly || !props.value) return;
  const data = JSON.parse(props.value);
  const c = colours();
  const finger = window.matchMedia('(pointer: coarse)').matches;
  const line = (name, x, y, words, colour, width, dash = 'solid') => ({
    name, x, y, customdata: words, mode: 'lines', type: 'scatter', line: { color: colour, width, dash },
    marker: { color: colour, size: 6 }, ...(words ? { hovertemplate: '%{customdata}<extra></extra>' } : { hoverinfo: 'skip' }),
  });
  const ends = others.flatMap((run) => [...run.learnt.x.slice(-1), ...run.held.x.slice(-1)]);
  const last = Math.max(data.until, ...data.learnt.x, ...data.held.x, ...ends, 1);
  const ticks = minutes(last);
  const range = top(data, last);
  const [x, y] = zoom || [[0, last * 1.01], range];
  const layout = {
    uirevision: 'the same chart', autosize: true, height: box.clientHeight || 300, showlegend: false,
    margin: { l: 44, r: 8, t: 10, b: 34 }, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: getComputedStyle(box).fontFamily, size: 13, color: c.quiet },
    hovermode: 'closest', hoverlabel: { bgcolor: c.sheet, bordercolor: c.line, font: { color: c.text, size: 13 }, align: 'left' },
    dragmode: finger ? false : 'zoom',
    xaxis: {
      range: x, tickvals: ticks.at, ticktext: ticks.words, gridcolor: 'rgba(0,0,0,0)', zeroline: false,
      linecolor: c.line, fixedrange: finger,
    },
    yaxis: { gridcolor: c.line, zeroline: false, nticks: 5, fixedrange: finger, ...(y ? { range: y } : { autorange: true }) },
  };
  const { best } = data;
  const mark = best ? [best] : [];
  const traces = [
    { ...line('learnt from', data.learnt.x, data.learnt.y, null, c.quiet, 1), opacity: .35 },
    { ...line('held out', data.held.x, data.held.y, data.held.words, c.voice, 2.4), mode: 'lines+markers' },
    line('learnt from, smoothed', data.learnt.x, data.learnt.smooth, data.learnt.words, c.quiet, 1.8),
    {
      name: 'best', type: 'scatter', mode: 'markers', x: mark.map((m) => m.x), y: mark.map((m) => m.y), customdata: mark.map((m) => m.words),
      marker: { color: c.sheet, size: 11, line: { color: c.voice, width: 2.6 } }, hovertemplate: '%{customdata}<extra></extra>',
    },
    ...others.flatMap((run, i) => [
      { ...line(run.name, run.learnt.x, run.learnt.smooth, run.learnt.words, c.quiet, 1.2, DASHES[i]), opacity: .6 },
      line(run.name, run.held.x, run.held.y, run.held.words, c.text, 1.8, DASHES[i]),
    ]),
  ];
  const right = best && best.x > last * .5, high = box.clientWidth < 500 ? -70 : -38;  // on a phone the lines are steeper
  layout.annotations = mark.map((m) => ({
    x: m.x, y: m.y, text: m.label, showarrow: true, arrowhead: 0, arrowwidth: 1, arrowcolor: c.line, ax: right ? -14 : 14, ay: high,
    xanchor: right ? 'right' : 'left', font: { color: m.turned ? c.voice : c.text, size: 13 }, bgcolor: c.paper, borderpad: 2,
  }));
  const upright = (x, color) => ({
    type: 'line', x0: x, x1: x, yref: 'paper', y0: 0, y1: 1, line: { color, width: 1, dash: 'dot' }, layer: 'below',
  });
  layout.shapes = mark.filter((m) => m.turned).map((m) => upright(m.x, c.voice));
  if (data.second) {
    layout.shapes.push(upright(data.second, c.quiet));
    layout.annotations.push({
      x: data.second, y: 1, yref: 'paper', text: 'second turn', showarrow: false, xanchor: 'left', yanchor: 'top', xshift: 4,
      font: { color: c.quiet, size: 12 },
    });
  }
  window.Plotly.react(box, traces, layout, { displayModeBar: false, responsive: true, doubleClick: 'autosize' });
  if (!listening) box.on('plotly_relayout', keep);
  listening = true;
  box.setAttribute('aria-label', data.spoken);
}

function lay(event) {
  others = event.detail ? JSON.parse(event.detail).runs : [];
  legend.replaceChildren(...others.map((run, i) => Object.assign(document.createElement('span'), { className: DASHES[i], textContent: run.name })));
  draw();
}

draw();
watch('value', draw);
document.addEventListener('vibejam-overlay', lay);
// a chart inside a tab that was closed has no width until it is seen
new ResizeObserver(() => { if (box.clientWidth) draw(); }).observe(box);
new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ['class'] });
