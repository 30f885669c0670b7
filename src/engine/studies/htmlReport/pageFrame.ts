/** The frame of a page that needs nothing else: no network, no script. */
import { markup } from './markup'
import type { Piece } from './markup'
import { STYLE } from './style'

/**
 * Puts sections into one HTML page.
 *
 * @param frame `version`: Assay's own; `nav`: what stands under the title
 */
export function pageOf(
  { title, version, nav }: { title: string; version: string; nav: Piece },
  sections: Piece
): string {
  // Whatever a name may hold, nothing is run and nothing is fetched.
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Assay ${version}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ html: STYLE }}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${nav}</header>
<main>
${sections}</main>
</body>
</html>
`.html
}
