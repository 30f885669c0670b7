/** An SSH server of the test's own on loopback, with its own keys, that no other login knows. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './freePorts'
import { until } from './slurmCluster'

const SSHD = '/usr/sbin/sshd'
const KEYGEN = '/usr/bin/ssh-keygen'

/** True where it cannot be started; the tests' set-up installs what is missing where it must. */
export const isSshMissing =
  process.env['ASSAY_REQUIRE'] !== 'all' &&
  !['/usr/bin/ssh', '/usr/bin/rsync', SSHD].every((path) => existsSync(path))

/**
 * Starts it; `ssh login` comes through while it runs, by the settings that `ASSAY_SSH_CONFIG` names.
 *
 * @param variables of whoever logs in
 */
export async function startSsh(
  variables: Record<string, string>
): Promise<{ stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-ssh-'))
  const [port] = await freePorts(1)
  for (const name of ['host', 'user']) {
    spawnSync(KEYGEN, ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)])
  }
  // Where daemons of the system separate their rights; it goes with the next start of the machine.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true })
  const server = [
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${folder}/host`,
    `AuthorizedKeysFile ${folder}/user.pub`,
    `PidFile ${folder}/sshd.pid`,
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    `SetEnv ${Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`
  ]
  const client = [
    'Host login',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${folder}/user`,
    '  IdentitiesOnly yes',
    '  StrictHostKeyChecking no',
    '  UserKnownHostsFile /dev/null',
    '  LogLevel ERROR'
  ]
  writeFileSync(join(folder, 'sshd_config'), `${server.join('\n')}\n`)
  writeFileSync(join(folder, 'ssh_config'), `${client.join('\n')}\n`)
  const sshd = spawn(SSHD, ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' })
  const config = join(folder, 'ssh_config')
  await until('the SSH server', () => {
    const args = ['-F', config, '-o', 'BatchMode=yes', 'login', 'true']
    return spawnSync('ssh', args, { timeout: 5000 }).status === 0
  })
  process.env['ASSAY_SSH_CONFIG'] = config
  return {
    stop: async () => {
      delete process.env['ASSAY_SSH_CONFIG']
      sshd.kill('SIGTERM')
      await rm(folder, { recursive: true, force: true })
    }
  }
}
