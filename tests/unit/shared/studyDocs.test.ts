import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { StudySchema } from '#shared/records'

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  items?: JsonSchema
}

function fieldsOf(schema: JsonSchema): string[] {
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, one]) => [name, ...fieldsOf(one)]),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(fieldsOf),
    ...(schema.items ? fieldsOf(schema.items) : [])
  ]
}

test('every field of a study is described in docs/study.md', () => {
  const text = readFileSync('docs/study.md', 'utf8')
  const fields = fieldsOf(z.toJSONSchema(StudySchema, { io: 'input' }) as JsonSchema)
  expect(fields.length).toBeGreaterThan(50)
  const missing = fields.filter((name) => !new RegExp(`[\`"]${name}[\`"]`).test(text))
  expect([...new Set(missing)]).toEqual([])
})
