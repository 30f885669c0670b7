import { readFileSync } from 'node:fs'
import * as ts from 'typescript'
import { expect, test } from 'vitest'
import { sourceFiles } from './declarations'

/** Flags, and commands as they are typed: what only one of the shells has. */
const TYPED =
  /(^|[\s(`'"])--[a-z]|\bassay (new|import|study|plan|run|status|report|export|open|serve|demo|doctor|bench|vary|experiment)\b/

/** Engine files whose texts are meant for another program. */
const TO_PROGRAMS = [
  'src/engine/backends/nvidiaSmi.ts',
  'src/engine/desk/demoMaker.ts',
  'src/engine/executors/slurm/accounting.ts',
  'src/engine/executors/slurm/nodeFailures.ts',
  'src/engine/executors/slurm/probeAnswer.ts',
  'src/engine/executors/slurm/queue.ts',
  'src/engine/executors/slurm/remoteFolder.ts',
  'src/engine/executors/slurm/script.ts',
  'src/engine/executors/slurm/slurmExecutor.ts'
]

/** Texts of a source, comments left out; of a template its pieces. */
function textsOf(source: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (
      ts.isStringLiteralLike(node) ||
      node.kind === ts.SyntaxKind.TemplateHead ||
      node.kind === ts.SyntaxKind.TemplateMiddle ||
      node.kind === ts.SyntaxKind.TemplateTail
    ) {
      found.push((node as ts.LiteralLikeNode).text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('x.ts', source, ts.ScriptTarget.ES2023, true))
  return found
}

const typedIn = (source: string) => textsOf(source).filter((text) => TYPED.test(text))

test('a flag or a command is noticed in any kind of text, and not in a comment', () => {
  const source =
    '// with --take\nf("Leave --take out", `Run: assay run ${p}`, `${a} (--name)`, "a -- b")'
  expect(typedIn(source)).toEqual(['Leave --take out', 'Run: assay run ', ' (--name)'])
})

test('what the engine says names no flag and no command: the window has neither', () => {
  const offenders = [...sourceFiles('src/engine'), ...sourceFiles('src/shared')]
    .filter((file) => !TO_PROGRAMS.includes(file))
    .map((file) => [file, typedIn(readFileSync(file, 'utf8'))] as const)
    .filter(([, texts]) => texts.length > 0)
  expect(offenders).toEqual([])
})
