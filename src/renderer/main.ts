/** The window: draws what the engine has, and asks it for more. */
import { mount } from 'svelte'
import App from './App.svelte'
import { openSocket } from './state/socketPipe'
import { EngineState } from './state/engineState.svelte'
import './theme.css'

const token = location.hash.slice(1)
const address = new URL(`engine?token=${encodeURIComponent(token)}`, location.href)
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
address.hash = ''

const engine = new EngineState(() => openSocket(address), sessionStorage)
void engine.connect()
mount(App, { target: document.getElementById('app')!, props: { engine } })
