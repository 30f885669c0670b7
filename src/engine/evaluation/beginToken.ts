/** The token that stands before a document, of models from outside. */
import { WorkbenchError } from '#shared/errors'
import type { EvaluationDefinition } from '#shared/textEvaluation'
import { endOfTextId } from '#engine/tokenizer/tokenizer'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'

/**
 * Finds it: the one asked for, else the first of those named that the tokenizer has, else the one
 * by which tokenizers usually end a document.
 *
 * @param asked its exact text
 * @param named tokens by text or id, the likeliest first
 * @param path of the tokenizer, for errors
 * @throws WorkbenchError `tokenizer/invalid` when there is none
 */
export async function beginToken(
  tokenizer: TextTokenizer,
  path: string,
  asked: string | undefined,
  named: readonly { token: string | number; from: string }[]
): Promise<EvaluationDefinition['begin']> {
  if (asked !== undefined) {
    const id = tokenizer.idOf(asked)
    if (id === null) throw unknownToken(path, asked)
    return { token: asked, id, from: 'as asked' }
  }
  for (const { token, from } of named) {
    const id = typeof token === 'number' ? token : tokenizer.idOf(token)
    if (id === null || id >= tokenizer.vocabularySize) continue
    const text = typeof token === 'number' ? await tokenizer.decode([id]) : token
    return { token: text, id, from }
  }
  const id = usualEnd(tokenizer, path)
  return { token: await tokenizer.decode([id]), id, from: 'a usual name in tokenizer.json' }
}

function usualEnd(tokenizer: TextTokenizer, path: string): number {
  try {
    return endOfTextId(tokenizer, path)
  } catch (error) {
    throw new WorkbenchError(
      'tokenizer/invalid',
      `Neither ${path} nor the settings beside it say which token begins or ends a text. Name one of its vocabulary to stand before each document.`,
      { path, begin: null },
      { cause: error }
    )
  }
}

function unknownToken(path: string, token: string): WorkbenchError {
  return new WorkbenchError(
    'tokenizer/invalid',
    `${path} has no token "${token}" to begin a document with. Name one of its vocabulary exactly, such as <s>.`,
    { path, begin: token }
  )
}
