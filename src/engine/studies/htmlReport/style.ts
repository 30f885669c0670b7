/** How a report looks: light and dark by the reader's system, light on paper. */
import { KIND_COLOURS } from '#shared/domainMarks'

const PAPER = 'light-dark(#fdfdfe, #16181d)'
const RAISED = 'light-dark(#f5f6f9, #1e2127)'
const INK = 'light-dark(#1e232c, #e6e9ee)'
const QUIET = 'light-dark(#535a67, #a9b0bc)'
const LINE = 'light-dark(#d5d9e0, #383d47)'
const ACCENT = 'light-dark(#1f55b8, #8fb4f5)'
const WAYS = { all: '#d55e00', pairs: '#e69f00', modular: '#0072b2' }

const dots = Object.entries(KIND_COLOURS)
  .map(([kind, colour]) => `.dot.${kind} { fill: ${colour}; }`)
  .join('\n')
const ways = Object.entries(WAYS)
  .map(([name, colour]) => `.way.${name} { stroke: ${colour}; } .own.${name} { fill: ${colour}; }`)
  .join('\n')

const MARKS = { first: '#0072b2', second: '#e69f00', third: '#009e73' }
const marks = Object.entries(MARKS)
  .map(
    ([name, colour]) => `.mark.${name} { fill: ${colour}; } .path.${name} { stroke: ${colour}; }`
  )
  .join('\n')

/** What figures are drawn with. */
const FIGURE_STYLE = `svg text { fill: ${QUIET}; font-size: 10px; }
svg text.label { fill: ${INK}; }
.grid { stroke: ${LINE}; stroke-width: 0.75; }
.identity { stroke: ${QUIET}; stroke-width: 1; stroke-dasharray: 4 3; fill: none; }
.band { fill: ${QUIET}; fill-opacity: 0.14; }
.fit { fill: none; stroke: ${QUIET}; stroke-width: 1.2; }
.dot { stroke: ${INK}; stroke-width: 0.7; fill-opacity: 0.85; }
.bar { vertical-align: middle; margin-right: 4px; }
.interval { stroke: ${ACCENT}; stroke-width: 3; stroke-opacity: 0.55; }
.value { fill: ${ACCENT}; }
.way { fill: none; stroke-width: 2; }
.own { stroke: ${PAPER}; stroke-width: 1; }
${dots}
${ways}
${marks}
.mark { stroke: ${INK}; stroke-width: 0.6; }
.whisker { stroke: ${ACCENT}; stroke-width: 3; stroke-opacity: 0.4; }
.change { fill: ${MARKS.first}; fill-opacity: 0.75; }
.zero { stroke: ${QUIET}; stroke-width: 1.2; }
.path { fill: none; stroke-width: 1.6; }
.along { fill: ${MARKS.first}; }
.against { fill: ${WAYS.all}; }
.side { fill-opacity: 0.7; stroke: ${INK}; stroke-width: 0.5; }
.side.first { fill: ${MARKS.first}; } .side.second { fill: ${MARKS.second}; } .side.third { fill: ${MARKS.third}; }
.ends { stroke: ${INK}; stroke-width: 1.2; }
.median { stroke: ${INK}; stroke-width: 2; }
.change-dot { fill: ${INK}; fill-opacity: 0.55; }
.box { fill: none; stroke: ${QUIET}; }
.box.trained { fill: ${MARKS.first}; fill-opacity: 0.3; }
.arrow { fill: none; stroke: ${QUIET}; stroke-width: 0.9; }
`

/** The same inside of an SVG file by itself: light, since few programs know both. */
export const LONE_FIGURE_STYLE = `svg { background: ${light(PAPER)}; font-family: Inter, system-ui, sans-serif; }
${light(FIGURE_STYLE)}`

function light(style: string): string {
  return style.replace(/light-dark\((#\w+), #\w+\)/g, '$1')
}

/** The whole style sheet. */
export const STYLE = `
:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1240px; padding: 24px 28px 60px; background: ${PAPER}; color: ${INK};
  font: 14px/1.5 Inter, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; font-variant-numeric: tabular-nums;
}
h1 { font-size: 24px; line-height: 1.25; margin: 0; }
h2 { font-size: 18px; margin: 40px 0 8px; padding-top: 10px; border-top: 1px solid ${LINE}; }
h3 { font-size: 14px; margin: 20px 0 6px; }
p { max-width: 92ch; margin: 6px 0 10px; }
a { color: ${ACCENT}; }
a:focus-visible, summary:focus-visible, .wide:focus-visible, pre:focus-visible { outline: 2px solid ${ACCENT}; outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: 2px 18px; list-style: none; margin: 12px 0 0; padding: 0; }
.quiet { color: ${QUIET}; }
.answer { font-size: 17px; line-height: 1.45; border-left: 3px solid ${ACCENT}; padding-left: 14px; margin: 14px 0; }
.wide { overflow-x: auto; margin: 14px 0 18px; }
table { border-collapse: collapse; font-size: 12.5px; line-height: 1.35; }
caption { text-align: left; font-weight: 600; padding: 0 0 4px; font-size: 13.5px; white-space: nowrap; }
th { text-align: left; font-weight: 600; padding: 4px 14px 4px 0; vertical-align: bottom; }
thead th { color: ${QUIET}; border-bottom: 1px solid ${LINE}; max-width: 15ch; }
tbody th { font-weight: 500; white-space: nowrap; }
td { padding: 4px 14px 4px 0; white-space: nowrap; }
tbody tr > * { border-bottom: 1px solid ${LINE}; vertical-align: middle; }
th.number, td.number { text-align: right; }
details td, dd { white-space: normal; }
code, pre { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 11.5px; }
pre { background: ${RAISED}; border: 1px solid ${LINE}; border-radius: 6px; padding: 10px 12px; overflow: auto; max-height: 420px; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) 1fr; gap: 5px 20px; margin: 10px 0; max-width: 110ch; }
dt { font-weight: 600; color: ${QUIET}; }
dd { margin: 0; overflow-wrap: anywhere; }
details { border: 1px solid ${LINE}; border-radius: 6px; padding: 7px 12px; margin: 8px 0; background: ${RAISED}; }
summary { cursor: pointer; }
figure { margin: 0; }
figcaption { font-size: 11.5px; line-height: 1.4; }
figcaption strong { font-size: 13px; overflow-wrap: anywhere; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(258px, 1fr)); gap: 14px; margin: 12px 0 20px; }
.panels figure { border: 1px solid ${LINE}; border-radius: 6px; padding: 9px 10px; display: flex; flex-direction: column; justify-content: space-between; }
.panels svg { display: block; width: 100%; height: auto; }
figure.cost { margin: 14px 0; max-width: 620px; }
figure.series { margin: 14px 0 24px; max-width: 860px; }
figure.series svg { width: 100%; height: auto; }
figure.schematic { margin: 14px 0; max-width: 860px; }
figure.schematic svg { width: 100%; height: auto; }
figure.cost svg { width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; }
.legend span { display: inline-flex; align-items: center; gap: 5px; }
${FIGURE_STYLE}
@media (max-width: 640px) { body { padding: 16px 14px 40px; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { color-scheme: only light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .screen { display: none; }
  .wide { overflow: visible; }
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 12ch; }
  table { font-size: 7.5pt; }
  th, td { padding-right: 8px; }
  tr, figure, dt, dd { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  details { border: none; padding: 0; background: none; }
}
`
