/** Globs (`*`, `**`, `?`, `[a-z]`, `{a,b}`) over folders; nothing that begins with a dot. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** True for a path that holds a wildcard. */
export function isGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path)
}

/** The folder above a glob's first wildcard. */
export function globBase(glob: string): string {
  const before = glob.slice(0, glob.search(/[*?[\]{}]/))
  return before.endsWith('/') ? before.slice(0, -1) || '/' : dirname(before + 'x')
}

/** A glob as a regular expression over whole paths with `/` between folders. */
export function globPattern(glob: string): RegExp {
  let depth = 0
  const source = (glob.startsWith('./') ? glob.slice(2) : glob).replace(
    /\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|[{},]|[.+^$()|\\\]]/g,
    (token) => {
      if (token === '**/') return '(?:[^/]+/)*'
      if (token === '**') return '.*'
      if (token === '*') return '[^/]*'
      if (token === '?') return '[^/]'
      if (token === '{') return (depth++, '(?:')
      if (token === '}') return (depth--, ')')
      if (token === ',') return depth > 0 ? '|' : ','
      if (token.startsWith('[')) return token.replace(/^\[!/, '[^')
      return `\\${token}`
    }
  )
  return new RegExp(`^${source}$`, 'u')
}

/** How deep below its base a glob can match. */
export function globDepth(glob: string): number {
  const below = glob.slice(globBase(glob).length).split('/').filter(Boolean)
  return below.some((part) => part.includes('**')) || /\{[^}]*\//.test(glob)
    ? Infinity
    : below.length
}

/**
 * All files below a folder, sorted by path in code-unit order; linked folders once.
 *
 * @param depth folders deeper than this are not entered; 1 means the folder's own files
 */
export async function walkFolder(folder: string, depth = Infinity): Promise<string[]> {
  const files: string[] = []
  const seen = new Set<string>()
  const visit = async (path: string, level: number): Promise<void> => {
    const real = await realpath(path)
    if (seen.has(real)) return
    seen.add(real)
    for (const name of (await readdir(path)).sort()) {
      if (name.startsWith('.')) continue
      const child = join(path, name)
      const kind = await stat(child)
      if (kind.isDirectory() && level < depth) await visit(child, level + 1)
      else if (kind.isFile()) files.push(child)
    }
  }
  await visit(folder, 1)
  return files.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
