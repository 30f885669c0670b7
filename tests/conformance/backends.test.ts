import { describe, expect, it } from 'vitest'
import { listBackends } from '#engine/backends/choose'
import { portableKernels } from '#engine/backends/portable'
import { verifyDevice } from '#engine/model/verify'

for (const backend of listBackends()) {
  const reason = await backend.probe()
  describe.skipIf(reason !== null)(`backend ${backend.name}${reason ? `: ${reason}` : ''}`, () => {
    it.each(['fused', 'portable'])('passes every check with its %s kernels', async (which) => {
      const { kernels } = await backend.activate()
      const checks = await verifyDevice(which === 'fused' ? kernels : portableKernels)
      expect(checks.filter((check) => !check.passed)).toEqual([])
      expect(checks.length).toBeGreaterThan(15)
    })

    it('fails the checks when a kernel computes something else', async () => {
      const { kernels } = await backend.activate()
      const wrong = {
        ...kernels,
        rotatePairs: (...[x, factors]: Parameters<typeof kernels.rotatePairs>) =>
          kernels.rotatePairs(kernels.rotatePairs(x, factors), factors)
      }
      const failed = (await verifyDevice(wrong)).filter((check) => !check.passed)
      expect(failed.map((one) => one.check)).toContain('loss of a decoder, untied')
    })
  })
}
