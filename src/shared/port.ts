/** The contract over any two-way pipe of text. */
import { z } from 'zod'
import { COMMANDS, EngineEventSchema } from './contract'
import type { CommandName, EngineApi, EngineEvent } from './contract'
import { WorkbenchError, fromPlain, toPlain } from './errors'
import type { PlainError } from './errors'
import { jsonValue } from './jsonText'

/** Two ends that send each other text, whole and in order. */
export interface Pipe {
  send(text: string): void
  onText(listener: (text: string) => void): void
  onClose(listener: () => void): void
}

const CallSchema = z.strictObject({
  id: z.number().int(),
  command: z.string(),
  input: z.unknown()
})

type Answer =
  { id: number; output: unknown } | { id: number; error: PlainError } | { event: EngineEvent }

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}

/** Calls of one pipe that may be under way at once; a window of many views asks some dozens. */
export const MOST_OPEN_CALLS = 1000

/**
 * Serves an engine over a pipe: calls are checked at the door, errors go back plain, events are
 * told until the pipe closes. What is no call is passed over without a word.
 *
 * @param onRefusal hears of every call that was refused or failed
 */
export function serve(
  engine: EngineApi,
  pipe: Pipe,
  onRefusal: (command: string, error: PlainError) => void = () => undefined
): void {
  const send = (answer: Answer) => pipe.send(JSON.stringify(answer))
  const forget = engine.onEvent((event) => send({ event }))
  pipe.onClose(forget)
  let open = 0
  pipe.onText((text) => {
    const call = CallSchema.safeParse(jsonValue(text))
    if (!call.success) return
    const { id, command, input } = call.data
    const asked = open < MOST_OPEN_CALLS ? answerTo(engine, command, input) : tooMany()
    open += 1
    asked
      // What cannot be written as JSON (too long, too deep) is an error of this call, not of all.
      .then((output) => send({ id, output }))
      .catch((error: unknown) => {
        const plain = toPlain(error)
        onRefusal(command, plain)
        send({ id, error: withoutStacks(plain) })
      })
      .finally(() => (open -= 1))
  })
}

function tooMany(): Promise<never> {
  return Promise.reject(
    new WorkbenchError(
      'contract/invalid',
      `More than ${MOST_OPEN_CALLS} calls are under way. Wait for answers before asking more.`
    )
  )
}

/** Where in the program it happened stays on this side. */
function withoutStacks(error: PlainError): PlainError {
  return { ...error, stack: null, cause: error.cause && withoutStacks(error.cause) }
}

async function answerTo(engine: EngineApi, command: string, input: unknown): Promise<unknown> {
  if (!isCommand(command)) {
    throw new WorkbenchError(
      'contract/invalid',
      `There is no command "${command}". Commands: ${Object.keys(COMMANDS).join(', ')}.`,
      { command }
    )
  }
  const given = COMMANDS[command].input.safeParse(input)
  if (!given.success) {
    throw new WorkbenchError(
      'contract/invalid',
      `${command} was given something else than it takes:\n${z.prettifyError(given.error)}`,
      { command }
    )
  }
  const call = engine[command] as (input: unknown) => Promise<unknown>
  return COMMANDS[command].output.parse(await call(given.data))
}

interface Waiting {
  command: CommandName
  resolve: (output: unknown) => void
  reject: (error: unknown) => void
}

/**
 * The engine at the other end of a pipe.
 *
 * @throws from its commands: what the engine threw, with its code; `contract/lost` when the pipe
 *   closes before the answer
 */
export function connect(pipe: Pipe): EngineApi {
  const waiting = new Map<number, Waiting>()
  const listeners = new Set<(event: EngineEvent) => void>()
  let nextId = 1
  let isClosed = false
  const lost = () =>
    new WorkbenchError('contract/lost', 'The connection to the engine is lost. Connect again.')
  pipe.onClose(() => {
    isClosed = true
    for (const one of waiting.values()) one.reject(lost())
    waiting.clear()
  })
  pipe.onText((text) => {
    const answer = (jsonValue(text) ?? null) as Answer | null
    if (answer === null) return
    if ('event' in answer) {
      const event = EngineEventSchema.parse(answer.event)
      for (const listener of listeners) listener(event)
      return
    }
    const one = waiting.get(answer.id)
    if (!one) return
    waiting.delete(answer.id)
    if ('error' in answer) return one.reject(fromPlain(answer.error))
    const output = COMMANDS[one.command].output.safeParse(answer.output)
    if (output.success) one.resolve(output.data)
    else one.reject(new WorkbenchError('contract/invalid', z.prettifyError(output.error)))
  })
  const call = (command: CommandName) => (input: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      if (isClosed) return reject(lost())
      const id = nextId++
      waiting.set(id, { command, resolve, reject })
      pipe.send(JSON.stringify({ id, command, input }))
    })
  const commands = Object.fromEntries(
    (Object.keys(COMMANDS) as CommandName[]).map((command) => [command, call(command)])
  )
  const onEvent = (listener: (event: EngineEvent) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return { ...commands, onEvent } as EngineApi
}
