/** A part of a status page: facts in lines, or a table. */
export type Section =
  | { title: string; facts: ReadonlyArray<readonly [label: string, value: string]> }
  | { title: string; columns: readonly string[]; rows: ReadonlyArray<readonly string[]>; empty: string }

/** What every status says of a network without sealed hardware. */
export const simulatedNotice = 'Simulated: no sealed hardware. Do not send anything private.'

/** Whether what `x-cocoon-protection` says of an answer calls for this notice. */
export function isUnprotected(protection: string | undefined): boolean {
  return protection === 'none' || protection?.endsWith('simulated') === true
}

/** Peers choose the length of their names; a page does not. */
const longestText = 80

/** A status page as one HTML text without scripts. */
export function renderPage(page: {
  title: string
  isSimulated: boolean
  lead: string
  sections: readonly Section[]
}): string {
  const { title, isSimulated, lead, sections } = page
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
${isSimulated ? `<p class="simulated" role="note">${escape(simulatedNotice)}</p>\n` : ''}<h1>${escape(title)}</h1>
<p>${escape(lead)}</p>
${sections.map(renderSection).join('\n')}
</body>
</html>
`
}

export const pageHeaders: Record<string, string> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** A number in groups of three. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

function renderSection(section: Section): string {
  const title = `<h2>${escape(section.title)}</h2>`
  if ('facts' in section) {
    const lines = section.facts.map(([label, value]) => `<dt>${escape(label)}</dt><dd>${escape(value)}</dd>`)
    return `${title}\n<dl>${lines.join('')}</dl>`
  }
  if (section.rows.length === 0) return `${title}\n<p>${escape(section.empty)}</p>`
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map(cell => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`
  return `${title}
<div class="wide"><table><thead>${cells(section.columns, 'th')}</thead>
<tbody>${section.rows.map(row => cells(row, 'td')).join('\n')}</tbody></table></div>`
}

function escape(text: string): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text
  return cut.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

const style = `
:root{color-scheme:light dark;--bg:#f6f7f5;--ink:#151917;--ink-2:#454d49;--line:#dfe3de;--sim:#845000;--sim-bg:#f9ecd4}
@media(prefers-color-scheme:dark){:root{--bg:#121513;--ink:#e8ebe8;--ink-2:#aeb6b0;--line:#2b312d;--sim:#e3b75a;--sim-bg:#2a2313}}
body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
.simulated{margin:0;padding:.5rem .75rem;border:1px dashed var(--sim);background:var(--sim-bg);color:var(--sim)}
h1{font-size:1.4rem;margin:1.2rem 0 .3rem}h2{font-size:1rem;margin:1.6rem 0 .4rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.5rem;margin:0}dt{color:var(--ink-2)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:500;color:var(--ink-2)}
th,td{padding:.4rem 1rem .4rem 0;border-bottom:1px solid var(--line);white-space:nowrap}dd,td{font-variant-numeric:tabular-nums}.wide{overflow-x:auto}`
