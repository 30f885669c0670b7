/** The report as a file of the user's. */
import { fileName, saveFile } from '../charts/exportFigure'
import type { EngineState } from './engineState.svelte'

/** Asks for the report, which takes seconds, and hands it over; why not is said in `problem`. */
export async function saveReport(engine: EngineState): Promise<void> {
  const html = await engine.report()
  if (html === null) return
  saveFile(fileName(`${engine.study} report`, 'html'), new Blob([html], { type: 'text/html' }))
}
