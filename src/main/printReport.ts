/** The report as PDF: printed by a page of its own that nobody sees and that runs nothing. */
import { BrowserWindow, dialog } from 'electron'
import { rename, writeFile } from 'node:fs/promises'
import type { Desktop } from './desktop'
import { withPage } from './protection'

/** A report as the page hands it over. */
interface Report {
  /** Of the file, without its ending. */
  name: string
  html: string
}

/**
 * Asks where to, and prints the report there.
 *
 * @returns false where the user would rather not
 * @throws Error where the page hands over something else, or the file cannot be written
 */
export async function printReport(desktop: Desktop, given: unknown): Promise<boolean> {
  const report = reportFrom(given)
  desktop.show()
  const { canceled, filePath } = await dialog.showSaveDialog(desktop.window!, {
    title: 'Save the report as PDF',
    buttonLabel: 'Save',
    defaultPath: `${report.name}.pdf`,
    filters: [{ name: 'PDF', extensions: ['pdf'] }]
  })
  if (canceled || !filePath) return false
  const data = await pdfOf(report)
  // Whole or not at all.
  await writeFile(`${filePath}.part`, data)
  await rename(`${filePath}.part`, filePath)
  return true
}

function pdfOf({ html }: Report): Promise<Uint8Array> {
  return withPage(html, async (url) => {
    const window = new BrowserWindow({
      show: false,
      webPreferences: {
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        javascript: false
      }
    })
    try {
      await window.loadURL(url)
      return await window.webContents.printToPDF({ printBackground: true, pageSize: 'A4' })
    } finally {
      window.destroy()
    }
  })
}

function reportFrom(given: unknown): Report {
  const { name, html } = (given ?? {}) as Partial<Report>
  if (typeof name !== 'string' || typeof html !== 'string' || html === '') {
    throw new Error('There is no report to print.')
  }
  return { name: name.replace(/[^\p{L}\p{N} ._-]+/gu, '-'), html }
}
