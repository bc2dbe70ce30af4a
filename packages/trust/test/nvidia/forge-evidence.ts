import { createHash, sign } from 'node:crypto'
import type { GpuEvidence, NvidiaAnchors, VerifyGpuOptions } from '../../src/nvidia/index.ts'
import { nodeCrypto } from '../../src/node.ts'
import { canonicalXml } from '../../src/nvidia/canonical-xml.ts'
import { parseXml } from '../../src/nvidia/xml.ts'
import { forge, nowMs, p384, pointOf } from './forge-certificates.ts'
import type { Issued, Keys } from './forge-certificates.ts'
import { forgeAnswer } from './forge-revocation.ts'

type Bytes = Uint8Array<ArrayBuffer>

const responder = 'http://responder.example'
export const nonce = Uint8Array.from({ length: 32 }, (_, index) => index)
export const firmwareId = Uint8Array.from({ length: 48 }, (_, index) => 0xff - index)

/** Everything that a sound H100 of a vendor of our own shows, and what its vendor says of it. */
export interface World {
  /** Leaf first. */
  readonly device: readonly Issued[]
  readonly signers: readonly Issued[]
  readonly anchors: NvidiaAnchors
}

export function forgeWorld(): World {
  const root = forge({ name: 'Device Root', keys: p384(), isAuthority: true })
  const identity = forge({ name: 'GH100 Identity', keys: p384(), isAuthority: true, responder }, root)
  const provisioner = forge({ name: 'Provisioner', keys: p384(), isAuthority: true, responder }, identity)
  const device = forge(
    { name: 'GH100 A01 GSP BROM', keys: p384(), isAuthority: true, keyUsage: 4 },
    provisioner,
  )
  const leaf = forge({ name: 'GH100 A01 GSP FMC LF', keys: p384(), firmwareId }, device)
  const referenceRoot = forge({ name: 'Reference Root', keys: p384(), isAuthority: true })
  const authority = forge(
    { name: 'Reference Authority', keys: p384(), isAuthority: true, pathLength: 0, responder },
    referenceRoot,
  )
  const signer = forge({ name: 'Signer', keys: p384(), responder }, authority)
  return {
    device: [leaf, device, provisioner, identity, root],
    signers: [signer, authority, referenceRoot],
    anchors: {
      simulated: true,
      device: [{ name: root.name, point: pointOf(root.keys) }],
      reference: [{ name: referenceRoot.name, point: pointOf(referenceRoot.keys) }],
    },
  }
}

/** What index `index` measures. */
export function measurement(index: number): Bytes {
  return Uint8Array.from(createHash('sha384').update(`measurement ${index}`).digest())
}

export interface ReportForgery {
  readonly nonce?: Uint8Array
  /** By index of the reference documents. */
  readonly measurements?: ReadonlyMap<number, Uint8Array>
  readonly opaque?: ReadonlyMap<number, Uint8Array>
}

export const soundOpaque: ReadonlyMap<number, Uint8Array> = new Map([
  [3, text('535.1\0')],
  [6, Uint8Array.of(0, 0x74, 0, 0x96, 0x20, 0, 0, 0)],
  [11, Uint8Array.of(0xaa)],
  [15, text('862\0\0')],
  [17, text('1010\0')],
  [18, text('0205\0')],
  [20, firmwareId],
])

export const soundMeasurements: ReadonlyMap<number, Uint8Array> = new Map(
  Array.from({ length: 40 }, (_, index) => [index, measurement(index)]),
)

export function forgeReport(keys: Keys, forgery: ReportForgery = {}): Bytes {
  const { measurements = soundMeasurements, opaque = soundOpaque } = forgery
  const record = Buffer.concat(
    [...measurements].map(([index, value]) =>
      Buffer.concat([Uint8Array.of(index + 1, 1, value.length + 3, 0, 1, value.length, 0), value]),
    ),
  )
  const fields = Buffer.concat(
    [...opaque].map(([type, value]) => Buffer.concat([u16(type), u16(value.length), value])),
  )
  const body = Buffer.concat([
    Uint8Array.of(0x11, 0xe0, 0x01, 0xff),
    forgery.nonce ?? nonce,
    Uint8Array.of(0),
    Uint8Array.of(0x11, 0x60, 0, 0, measurements.size),
    Uint8Array.of(record.length & 0xff, record.length >> 8, 0),
    record,
    Buffer.alloc(32, 7),
    u16(fields.length),
    fields,
  ])
  const signature = sign('sha384', body, { key: keys.privateKey, dsaEncoding: 'ieee-p1363' })
  return Uint8Array.from(Buffer.concat([body, signature]))
}

export interface ReferenceForgery {
  readonly version: string
  readonly product?: string
  /** Active values by index; every alternative is one of the list. */
  readonly golden: ReadonlyMap<number, readonly Uint8Array[]>
  readonly signers: readonly Issued[]
  readonly signKeys?: Keys
  /** Applied before it is signed. */
  readonly edit?: (document: string) => string
}

export function forgeReference(forgery: ReferenceForgery): Bytes {
  const { version, product = 'GH100', golden, signers, edit = same } = forgery
  const resources = Array.from({ length: 40 }, (_, index) => {
    const values = golden.get(index)
    const hashes = (values ?? [new Uint8Array(48)])
      .map((value, which) => `ns2:Hash${which}="${Buffer.from(value).toString('hex')}"`)
      .join(' ')
    return `<ns0:Resource type="Measurement" index="${index}" active="${values ? 'True' : 'False'}" alternatives="${values?.length ?? 1}" ${hashes} name="Measurement_${index}" size="48"/>`
  })
  const head = `<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" xmlns:ns0="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" xmlns:ns2="http://www.w3.org/2001/04/xmlenc#sha384" name="GH100" tagId="0123" version="1.0">`
  const meta = `<ns0:Meta xmlns:ns1="https://trustedcomputinggroup.org/resource/tcg-reference-integrity-manifest-rim-information-model/" colloquialVersion="${version}" product="${product}" ns1:FirmwareManufacturer="Vendor"/>`
  const document = edit(
    `${head}\n${meta}\n<ns0:Payload>\n${resources.join('\n')}\n</ns0:Payload>\n</SoftwareIdentity>\n`,
  )
  return signDocument(document, signers, forgery.signKeys ?? signers[0]!.keys)
}

/** Puts the signature of a whole document at its end. */
function signDocument(document: string, signers: readonly Issued[], { privateKey }: Keys): Bytes {
  const digest = createHash('sha384')
    .update(canonicalXml(parseXml(Buffer.from(document))))
    .digest('base64')
  const end = document.lastIndexOf('</SoftwareIdentity>')
  const certificates = signers
    .map(({ der }) => {
      const lines = Buffer.from(der)
        .toString('base64')
        .replaceAll(/.{64}(?=.)/g, '$&\n')
      return `<ds:X509Certificate>${lines}\n</ds:X509Certificate>`
    })
    .join('')
  const build = (value: string): string =>
    `${document.slice(0, end)}<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2006/12/xml-c14n11"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"/><ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2006/12/xml-c14n11"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#sha384"/><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>${certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>${document.slice(end)}`
  const tree = parseXml(Buffer.from(build('AAAA')))
  const signature = tree.children.findLast(child => typeof child !== 'string')
  const signedInfo = signature?.children[0]
  if (signedInfo === undefined || typeof signedInfo === 'string') throw new Error('There is nothing to sign.')
  const value = sign('sha384', canonicalXml(signedInfo), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return Uint8Array.from(Buffer.from(build(value.toString('base64'))))
}

export const driverGolden: ReadonlyMap<number, readonly Uint8Array[]> = new Map([
  [7, [measurement(7)]],
  [23, [new Uint8Array(48), measurement(23)]],
  [35, [measurement(35)]],
])
export const vbiosGolden: ReadonlyMap<number, readonly Uint8Array[]> = new Map([
  [1, [measurement(1)]],
  [12, [measurement(11), measurement(12)]],
])

export interface Case {
  readonly evidence: GpuEvidence
  readonly options: VerifyGpuOptions
}

/** A case that the strictest policy accepts. */
export function soundCase(world: World): Case {
  const { device, signers, anchors } = world
  return {
    evidence: {
      architecture: 'HOPPER',
      report: forgeReport(device[0]!.keys),
      certificates: device.map(({ der }) => Uint8Array.from(der)),
    },
    options: {
      crypto: nodeCrypto,
      nowMs,
      nonce,
      anchors,
      references: {
        driver: {
          id: 'NV_GPU_DRIVER_GH100_535.1',
          document: forgeReference({ version: '535.1', golden: driverGolden, signers }),
        },
        vbios: {
          id: 'NV_GPU_VBIOS_1010_0205_862_9600740020',
          document: forgeReference({ version: '96.00.74.00.20', golden: vbiosGolden, signers }),
        },
      },
      revocation: soundAnswers(world),
    },
  }
}

export function soundAnswers({ device, signers }: World): Bytes[] {
  return [
    forgeAnswer(device[2]!, device[3]!),
    forgeAnswer(device[3]!, device[4]!),
    forgeAnswer(signers[0]!, signers[1]!),
    forgeAnswer(signers[1]!, signers[2]!),
  ]
}

function same(document: string): string {
  return document
}

function text(value: string): Uint8Array {
  return Buffer.from(value, 'latin1')
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8)
}
