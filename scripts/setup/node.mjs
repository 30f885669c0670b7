// Only old syntax here: any Node that knows modules must get this far, to be told what it lacks.

/** The versions of Node that everything in package-lock.json accepts. */
export var NODE_RANGE = '^20.19.0 || >=22.12.0'

/**
 * Says why a Node cannot run Assay.
 *
 * @param {string} version such as `20.19.0`
 * @returns {string | null} what is wrong and what to do; null when nothing is
 */
export function nodeProblem(version) {
  var parts = version.split('.')
  var major = Number(parts[0])
  var minor = Number(parts[1])
  var isFine = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22
  if (isFine) return null
  return (
    'Assay needs Node ' +
    NODE_RANGE +
    ', and this is Node ' +
    version +
    '.\n' +
    'Install Node 20, 22 or 24 (your system may call the package "nodejs", ' +
    'or use a version manager: "nvm install 22"), then run the same command again.'
  )
}
