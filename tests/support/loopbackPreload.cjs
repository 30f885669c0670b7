// Lets this process reach the loopback address alone, and writes down what else it asked for, into
// the file that ASSAY_TEST_ASKED names. Loaded into the engine, its workers and Electron's main.
'use strict'
const { appendFileSync } = require('node:fs')
const dgram = require('node:dgram')
const dns = require('node:dns')
const net = require('node:net')

const isHere = (host) => /^(localhost|127\.[\d.]+|::1|)$/.test(host ?? '')

function refuse(host) {
  appendFileSync(process.env.ASSAY_TEST_ASKED, `${host}\n`)
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
}

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (...given) {
  const [first, second] = Array.isArray(given[0]) ? given[0] : given
  const host = typeof first === 'object' ? first.host : second
  if (first?.path || typeof host !== 'string' || isHere(host)) return connect.apply(this, given)
  process.nextTick(() => this.destroy(refuse(host)))
  return this
}

const { lookup } = dns
dns.lookup = function (host, ...rest) {
  if (isHere(host)) return lookup.call(this, host, ...rest)
  process.nextTick(() => rest.at(-1)(refuse(host)))
}
const { lookup: lookupSoon } = dns.promises
dns.promises.lookup = (host, ...rest) =>
  isHere(host) ? lookupSoon(host, ...rest) : Promise.reject(refuse(host))

const { send } = dgram.Socket.prototype
dgram.Socket.prototype.send = function (...given) {
  const host = given.filter((one) => typeof one === 'string').at(-1)
  if (!isHere(host)) throw refuse(host)
  return send.apply(this, given)
}
