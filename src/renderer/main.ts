/** The window: draws what the engine has, and asks it for more. */
import { mount } from 'svelte'
import type { Pipe } from '#shared/port'
import App from './App.svelte'
import { openShellPipe } from './state/shellPipe'
import { openSocket } from './state/socketPipe'
import { EngineState } from './state/engineState.svelte'
import '@fontsource-variable/inter/wght.css'
import './theme.css'

function openServed(): Promise<Pipe> {
  const token = location.hash.slice(1)
  const address = new URL(`engine?token=${encodeURIComponent(token)}`, location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.hash = ''
  return openSocket(address)
}

const { shell } = window
const engine = new EngineState(() => (shell ? openShellPipe(shell) : openServed()), sessionStorage)
void engine.connect()
mount(App, { target: document.getElementById('app')!, props: { engine } })
