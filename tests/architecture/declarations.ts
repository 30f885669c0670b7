/** Reads what the sources export, with the TypeScript compiler's own parser. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as ts from 'typescript'

export interface Declaration {
  file: string
  name: string
  kind: 'function' | 'class' | 'type' | 'value'
  isDocumented: boolean
}

/** All TypeScript files below a folder. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort()
}

/** The exported declarations of all files below a folder. */
export function declarations(folder: string): Declaration[] {
  return sourceFiles(folder).flatMap((file) => exportsOf(file, readFileSync(file, 'utf8')))
}

/** The exported declarations of one file. */
export function exportsOf(file: string, text: string): Declaration[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
  return source.statements.flatMap((statement) => {
    const isExported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false
    if (!isExported) return []
    const isDocumented = ts.getJSDocCommentsAndTags(statement).length > 0
    return namesOf(statement).map(({ name, kind }) => ({ file, name, kind, isDocumented }))
  })
}

function namesOf(statement: ts.Statement): Pick<Declaration, 'name' | 'kind'>[] {
  if (ts.isFunctionDeclaration(statement)) {
    // Overloads before the implementation carry the comment, or the first of them does.
    return statement.body ? [{ name: statement.name?.text ?? '', kind: 'function' }] : []
  }
  if (ts.isClassDeclaration(statement)) return [{ name: statement.name?.text ?? '', kind: 'class' }]
  if (
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isEnumDeclaration(statement)
  ) {
    return [{ name: statement.name.text, kind: 'type' }]
  }
  if (!ts.isVariableStatement(statement)) return []
  return statement.declarationList.declarations.map((one) => ({
    name: one.name.getText(),
    kind: one.initializer && ts.isArrowFunction(one.initializer) ? 'function' : 'value'
  }))
}
