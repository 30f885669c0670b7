/** Which tokens a Hugging Face folder says begin and end a text. */
import { z } from 'zod'
import { hasFile, readJsonOf } from './folderFiles'

/** A special token as a folder names it: by its text, or by its id. */
export interface NamedToken {
  token: string | number
  /** The file that names it, and as what. */
  from: string
}

const TokenSchema = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish()
const TokenizerConfigSchema = z.looseObject({ bos_token: TokenSchema, eos_token: TokenSchema })
const Id = z.number().int().nonnegative()
const IdSchema = z.union([Id, z.array(Id)]).nullish()
const ConfigSchema = z.looseObject({ bos_token_id: IdSchema, eos_token_id: IdSchema })

/**
 * The tokens that begin and end a text, the likeliest first: what begins one before what ends one,
 * the tokenizer's own word before the model's.
 *
 * Models trained without a token that begins a text saw the one that ends the text before.
 *
 * @throws WorkbenchError `checkpoint/invalid` where a file is no JSON
 */
export async function namedTokens(folder: string): Promise<NamedToken[]> {
  const words = TokenizerConfigSchema.safeParse(await readJson(folder, 'tokenizer_config.json'))
  const ids = ConfigSchema.safeParse(await readJson(folder, 'config.json'))
  const named: NamedToken[] = []
  for (const which of ['bos', 'eos'] as const) {
    const word = words.data?.[`${which}_token`]
    const content = typeof word === 'object' ? word?.content : word
    if (content) {
      named.push({ token: content, from: `${which}_token of tokenizer_config.json` })
    }
    const id = ids.data?.[`${which}_token_id`]
    const first = Array.isArray(id) ? id[0] : id
    if (first !== undefined && first !== null) {
      named.push({ token: first, from: `${which}_token_id of config.json` })
    }
  }
  return named
}

const readJson = async (folder: string, name: string): Promise<unknown> =>
  hasFile(folder, name) ? readJsonOf(folder, name) : {}
