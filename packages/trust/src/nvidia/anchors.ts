import { fromHex } from '../bytes.ts'
import type { Anchor } from './chain.ts'

export interface NvidiaAnchors {
  /** Whether what ends here proves nothing. */
  readonly simulated: boolean
  /** Roots of the identities of GPUs and switches. */
  readonly device: readonly Anchor[]
  /** Roots of reference measurements. */
  readonly reference: readonly Anchor[]
}

/**
 * NVIDIA's roots, by their public keys: `NVIDIA Device Identity CA`, serial number
 * 2d3670b1ca100411c1fec0e82a065b54, and `NVIDIA CoRIM signing Root CA`, serial number
 * 45dae3a00e5037bddf875375ecb5e270.
 */
export const nvidiaAnchors: NvidiaAnchors = {
  simulated: false,
  device: [
    anchor(
      'NVIDIA Device Identity CA',
      '0e4c14a33bf8a5626658db4129607e4cbf4519c4412716f4d0d917c4978005bdeabeaefd57bc66082d718a4f8b6052e1',
      '516ee8a7c422b84de857071bb58fd395bea0cfa1c63ee7c80d6bd63901d91cbbd187d3857dc16b5cceaf238ff8c27dbd',
    ),
  ],
  reference: [
    anchor(
      'NVIDIA CoRIM signing Root CA',
      'b840b28bdbcd33e230da57d4cf2065747030682d4717b4c2829d7641c1325139b74da831c2be3c779e7e2b6548956608',
      '0e4ecd94021075c57f15fedeb862c8f906ae8fddc7b12238597dbdf0fa56e78453833f6d0be43af3871a47f057584799',
    ),
  ],
}

function anchor(name: string, x: string, y: string): Anchor {
  return { name, point: fromHex(x + y) ?? new Uint8Array() }
}
