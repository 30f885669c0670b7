/** `assay clean`: shows what of a project could be freed, and frees it when told to. */
import type { Command } from 'commander'
import { REMOVABLE_KINDS, clean, planCleaning } from '#engine'
import type { Cleaning } from '#engine'
import { formatBytes, textTable } from '../format'
import { EXIT, withProject } from '../session'

/** What each kind is, and why it can go. */
const REASONS: Record<(typeof REMOVABLE_KINDS)[number], string> = {
  drafts: 'left half-written by a process that died',
  caches: 'measured or computed again when they are wanted',
  'resume points': 'of runs that are finished',
  'optimizer states': 'of finished runs that no study carries on from with its moments',
  runs: 'trained for what no study asks any longer',
  tokens: 'cut for what no study asks any longer',
  'cluster logs': 'of jobs on a cluster that failed, and are over'
}

/** Adds `clean` to the program. */
export function addCleanCommand(program: Command): void {
  program
    .command('clean')
    .description('Show what of a project could be freed; free it with --yes. No result is lost.')
    .argument('<project>', 'project folder')
    .option('--yes', 'remove what is shown')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  assay clean my-study\n  assay clean my-study --yes')
    .action(async (path: string, flags: { yes?: boolean; json?: boolean }) => {
      const isFreed = flags.yes ?? false
      await withProject(path, { ...flags, readOnly: !isFreed }, async ({ print }, session) => {
        const cleaning = isFreed ? await clean(session) : await planCleaning(session)
        print(describeCleaning(cleaning, path, isFreed), { ...cleaning, isFreed })
        return EXIT.ok
      })
    })
}

/** Bytes by kind, and what to do next. */
export function describeCleaning(
  { items, bytes, kept }: Cleaning,
  path: string,
  isFreed: boolean
): string {
  const rows = REMOVABLE_KINDS.flatMap((kind) => {
    const those = items.filter((item) => item.kind === kind)
    if (those.length === 0) return []
    const sum = those.reduce((all, item) => all + item.bytes, 0)
    return [[kind, String(those.length), formatBytes(sum), REASONS[kind]]]
  })
  const next = isFreed
    ? `Freed ${formatBytes(bytes)}. Results, text, weights that studies need and exports are untouched.`
    : `${formatBytes(bytes)} could be freed. To free them: assay clean ${path} --yes`
  return [
    ...(rows.length > 0 ? [textTable(['what', 'number', 'bytes', 'why it can go'], rows), ''] : []),
    ...(kept === null ? [] : [kept]),
    items.length === 0 ? 'There is nothing to free.' : next
  ].join('\n')
}
