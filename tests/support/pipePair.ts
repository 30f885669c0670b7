/** Two ends of one pipe in one process, with the order and the delay of a real one. */
import type { Pipe } from '#shared/port'

export interface PipePair {
  near: Pipe
  far: Pipe
  close: () => void
}

export function pipePair(): PipePair {
  const listeners = {
    near: [] as ((text: string) => void)[],
    far: [] as ((text: string) => void)[]
  }
  const closing: (() => void)[] = []
  const end = (own: 'near' | 'far', other: 'near' | 'far'): Pipe => ({
    send: (text) => queueMicrotask(() => listeners[other].forEach((listener) => listener(text))),
    onText: (listener) => void listeners[own].push(listener),
    onClose: (listener) => void closing.push(listener)
  })
  return {
    near: end('near', 'far'),
    far: end('far', 'near'),
    close: () => closing.forEach((listener) => listener())
  }
}
