/** Says on standard error which step of the set-up runs, how far it is and how long it took. */

const LINE_EVERY_MS = 10_000

/**
 * Bytes in decimal units, as package registries state them.
 *
 * @param {number} bytes
 */
export function formatSize(bytes) {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

/** @param {number} ms */
function formatDuration(ms) {
  return ms < 100_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

/**
 * Begins the report of one step.
 *
 * On a terminal its line is rewritten in place; in a log a new line comes every ten seconds, so
 * that a slow download never looks like a hang.
 *
 * @param {string} title
 * @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} stream
 */
export function beginStep(title, stream = process.stderr) {
  const begun = Date.now()
  let lastLine = begun
  let detail = ''
  const show = () => {
    const text = `  ${title}${detail ? `: ${detail}` : ''} … ${formatDuration(Date.now() - begun)}`
    // A line that wraps could not be rewritten in place.
    if (stream.isTTY) stream.write(`\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`)
    else if (Date.now() - lastLine >= LINE_EVERY_MS) {
      lastLine = Date.now()
      stream.write(`${text}\n`)
    }
  }
  stream.write(stream.isTTY ? `  ${title} …` : `  ${title} …\n`)
  const timer = setInterval(show, 500)
  return {
    /** @param {string} text how far the step is */
    tell(text) {
      detail = text
    },
    /** @param {string} text what came of it */
    end(text) {
      clearInterval(timer)
      stream.write(
        `${stream.isTTY ? '\r\x1b[2K' : ''}  ${title}: ${text} (${formatDuration(Date.now() - begun)})\n`
      )
    },
    fail() {
      clearInterval(timer)
      if (stream.isTTY) stream.write('\n')
    }
  }
}

/** @typedef {ReturnType<typeof beginStep>} StepReport */
