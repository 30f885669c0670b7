/** The report as a file of the user's. */
import { fileName, saveFile } from '../charts/exportFigure'
import type { EngineState } from './engineState.svelte'

/** Asks for the report, which takes seconds; null where there is none, which `problem` says. */
export async function readReport(
  engine: EngineState
): Promise<{ name: string; html: string } | null> {
  const name = `${engine.study} report`
  const html = await engine.report()
  return html === null ? null : { name, html }
}

/** Hands the report over as a file. */
export async function saveReport(engine: EngineState): Promise<void> {
  const report = await readReport(engine)
  if (!report) return
  saveFile(fileName(report.name, 'html'), new Blob([report.html], { type: 'text/html' }))
}

/** Hands the tables for a paper over as a file. */
export async function saveLatex(engine: EngineState): Promise<void> {
  const name = `${engine.study} tables`
  const text = await engine.report('latex')
  if (text !== null) saveFile(fileName(name, 'tex'), new Blob([text], { type: 'text/x-tex' }))
}
