import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { TrustError } from '../../src/index.ts'
import { nodeCrypto } from '../../src/node.ts'
import { nvidiaLimits, parseReference } from '../../src/nvidia/index.ts'
import { canonicalXml } from '../../src/nvidia/canonical-xml.ts'
import { isReferenceSigned } from '../../src/nvidia/reference.ts'
import { parseXml } from '../../src/nvidia/xml.ts'
import { forgeReference, forgeWorld, vbiosGolden } from './forge-evidence.ts'
import { readText, readVector } from './vectors.ts'

const malformed = { name: 'TrustError', code: 'reference-malformed' }
const driver = readText('NV_GPU_DRIVER_GH100_550.144.03.xml')

describe('a reference document', () => {
  test('has the values of its vendor', async () => {
    const document = parseReference(Buffer.from(driver))
    assert.equal(document.version, '550.144.03')
    assert.equal(document.product, 'GH100')
    assert.equal(document.golden.size, 64)
    const active = [...document.golden].filter(([, { isActive }]) => isActive)
    assert.equal(active.length, 21)
    assert.deepEqual(
      active.flatMap(([index, { alternatives }]) =>
        alternatives.length > 1 ? [`${index}: ${alternatives.length}`] : [],
      ),
      alternativesIn(driver),
    )
    assert.equal(await isReferenceSigned(document, nodeCrypto), true)
    const root = document.chain.at(-1)
    assert.equal(
      Buffer.from(root!.der).toString('base64'),
      readText('rim_root.crt').replaceAll(/-----[^-]+-----|\s/g, ''),
    )
  })

  test('of a VBIOS too', async () => {
    const document = parseReference(readVector('1010_0200_882_96005E0001_PROD.swidtag'))
    assert.equal(document.version, '96.00.5E.00.01')
    assert.equal(await isReferenceSigned(document, nodeCrypto), true)
  })

  test('with altered values is not signed', async () => {
    const document = parseReference(readVector('NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml'))
    assert.equal(await isReferenceSigned(document, nodeCrypto), false)
  })
})

describe('XML that is made to be read in two ways', () => {
  const wrapped =
    driver.replace(
      /^<SoftwareIdentity[^>]*>/,
      '<Wrapper xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd">$&',
    ) + '</Wrapper>'
  const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(driver)?.[0] ?? ''
  const payload = /<ns0:Payload.*<\/ns0:Payload>/s.exec(driver)?.[0] ?? ''
  const attacks: [string, string][] = [
    ['a document type', `<!DOCTYPE SoftwareIdentity>\n${driver}`],
    ['an entity', `<!DOCTYPE x [<!ENTITY a "b">]>\n${driver}`],
    [
      'an entity that grows',
      `<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>\n${driver.replace('GH100', '&b;')}`,
    ],
    ['a reference to one', driver.replace('NVIDIA Corporation', '&nvidia;')],
    ['a numeric reference', driver.replace('NVIDIA', '&#78;VIDIA')],
    ['a reference that does not end', driver.replace('NVIDIA', '&amp NVIDIA')],
    ['a reference named after a property', driver.replace('NVIDIA', '&constructor;')],
    ['a comment', driver.replace('<ns0:Payload', '<!-- --><ns0:Payload')],
    ['a comment inside a value', driver.replace('</ds:DigestValue>', '<!-- --></ds:DigestValue>')],
    ['a processing instruction', driver.replace('<ns0:Payload', '<?a b?><ns0:Payload')],
    ['CDATA', driver.replace('<ds:DigestValue>', '<ds:DigestValue><![CDATA[]]>')],
    ['another encoding', `<?xml version="1.0" encoding="UTF-16"?>\n${driver}`],
    ['a byte order mark', `\ufeff${driver}`],
    ['carriage returns', driver.replaceAll('\n', '\r\n')],
    ['a tab in a tag', driver.replace(' corpus=', '\tcorpus=')],
    ['two spaces in a tag', driver.replace(' corpus=', '  corpus=')],
    ['single quotes', driver.replace('corpus="false"', "corpus='false'")],
    ['an attribute twice', driver.replace('corpus="false"', 'corpus="false" corpus="false"')],
    [
      'an attribute twice, by two prefixes',
      driver.replace(
        'ns2:Hash0="',
        'xmlns:n="http://www.w3.org/2001/04/xmlenc#sha384" n:Hash0="" ns2:Hash0="',
      ),
    ],
    ['an undeclared prefix', driver.replace('<ns0:Entity', '<ns9:Entity')],
    ['a prefix of XML itself', driver.replace('<ns0:Payload ', '<ns0:Payload xml:id="a" ')],
    ['a namespace that is taken back', driver.replace('<ns0:Payload ', '<ns0:Payload xmlns="" ')],
    ['a zero byte', driver.replace('corpus', 'cor\0pus')],
    ['something behind its end', `${driver}<a/>`],
    ['text behind its end', `${driver}a`],
    ['an end that is missing', driver.replace('</SoftwareIdentity>', '')],
    ['tags that cross', driver.replace('</ds:X509Data></ds:KeyInfo>', '</ds:KeyInfo></ds:X509Data>')],
    ['a wrapper around the signed document', wrapped],
    ['two signatures', driver.replace(signature, signature + signature)],
    [
      'a signature that is not the last',
      driver.replace(signature, `${signature}<ns0:Entity name="a" role="b"/>`),
    ],
    ['no signature', driver.replace(signature, '')],
    ['a second payload', driver.replace(payload, payload + payload)],
    ['a payload inside the signature', driver.replace('</ds:Signature>', `${payload}</ds:Signature>`)],
    ['a signed part instead of the whole', driver.replace('URI=""', 'URI="#payload"')],
    ['a second reference', driver.replace(/<ds:Reference.*<\/ds:Reference>/s, '$&$&')],
    [
      'another transform',
      driver.replace(
        '<ds:Transforms>',
        '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>',
      ),
    ],
    ['no transform', driver.replace(/<ds:Transforms>.*<\/ds:Transforms>/s, '')],
    [
      'exclusive canonicalisation',
      driver.replace('http://www.w3.org/2006/12/xml-c14n11', 'http://www.w3.org/2001/10/xml-exc-c14n#'),
    ],
    ['a weaker digest', driver.replace('xmldsig-more#sha384', 'xmldsig#sha1')],
    ['a weaker signature', driver.replace('ecdsa-sha384', 'ecdsa-sha256')],
    [
      'a signature by a shared secret',
      driver.replace(
        'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384',
        'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
      ),
    ],
    ['a key by itself', driver.replace('<ds:KeyInfo>', '<ds:KeyInfo><ds:KeyValue/>')],
    ['an object of the signature', driver.replace('</ds:Signature>', '<ds:Object/></ds:Signature>')],
    ['white space inside base64', driver.replace('<ds:SignatureValue>', '<ds:SignatureValue>\n')],
    ['elements that lie too deep', '<a>'.repeat(nvidiaLimits.maxXmlDepth + 1)],
    ['too many elements', `<a>${'<b/>'.repeat(nvidiaLimits.maxXmlNodes)}</a>`],
    [
      'too many attributes',
      `<a${Array.from({ length: nvidiaLimits.maxXmlAttributes + 1 }, (_, index) => ` a${index}=""`).join('')}/>`,
    ],
    ['more than it may be', ' '.repeat(nvidiaLimits.maxReferenceBytes + 1)],
  ]
  for (const [name, document] of attacks) {
    test(`is refused: ${name}`, () => {
      assert.notEqual(document, driver)
      assert.throws(() => parseReference(Buffer.from(document)), malformed)
    })
  }

  const values: [string, string][] = [
    ['an index twice', driver.replace('index="1"', 'index="0"')],
    ['an index that is too large', driver.replace('index="1"', 'index="255"')],
    ['an index that is none', driver.replace('index="1"', 'index="1e1"')],
    ['neither active nor not', driver.replace('active="True"', 'active="true"')],
    ['fewer hashes than it says', driver.replace('alternatives="1"', 'alternatives="2"')],
    ['no alternative', driver.replace('alternatives="1"', 'alternatives="0"')],
    ['a hash of another length', driver.replace('size="48"', 'size="32"')],
    ['a hash by another name', driver.replace('ns2:Hash0', 'ns2:Hash1')],
    ['a hash of another kind', driver.replace('xmlenc#sha384" corpus', 'xmlenc#sha256" corpus')],
    ['a resource of another kind', driver.replace('type="Measurement"', 'type="File"')],
    ['no version', driver.replace('colloquialVersion', 'version')],
  ]
  for (const [name, document] of values) {
    test(`is refused: ${name}`, () => {
      assert.notEqual(document, driver)
      assert.throws(() => parseReference(Buffer.from(document)), malformed)
    })
  }

  test('text that differs in canonical form is not what was signed', async () => {
    const edits = [
      driver.replace('<ns0:Payload', ' <ns0:Payload'),
      driver.replace('edition="GPU"', 'edition="CPU"'),
      driver.replace('active="False"', 'active="True"'),
      driver.replaceAll('ns2:', 'ns3:').replace('xmlns:ns2', 'xmlns:ns3'),
      `${driver.slice(0, driver.indexOf('<ds:Signature'))}<ns0:Entity name="a" role="b"/>${signature}</SoftwareIdentity>\n`,
    ]
    for (const edit of edits) {
      assert.notEqual(edit, driver)
      assert.equal(await isReferenceSigned(parseReference(Buffer.from(edit)), nodeCrypto), false)
    }
  })

  test('text that has the same canonical form is', async () => {
    const [, first = '', second = ''] = /(edition="GPU") (product="GH100")/.exec(driver) ?? []
    const swapped = driver.replace(`${first} ${second}`, `${second} ${first}`)
    assert.notEqual(swapped, driver)
    assert.equal(await isReferenceSigned(parseReference(Buffer.from(swapped)), nodeCrypto), true)
  })
})

describe('canonical form', () => {
  const cases: [string, string][] = [
    ['<a/>', '<a></a>'],
    ['<a b="1" a="2"/>', '<a a="2" b="1"></a>'],
    [
      '<a xmlns:z="urn:1" xmlns:y="urn:2" y:a="" z:a="" a=""/>',
      '<a xmlns:y="urn:2" xmlns:z="urn:1" a="" z:a="" y:a=""></a>',
    ],
    ['<a xmlns="urn:1"><b xmlns="urn:1"/></a>', '<a xmlns="urn:1"><b></b></a>'],
    ['<a xmlns="urn:1"><b xmlns="urn:2"/></a>', '<a xmlns="urn:1"><b xmlns="urn:2"></b></a>'],
    ['<a b="&lt;&gt;&amp;&quot;">&lt;&gt;&amp;"</a>', '<a b="&lt;>&amp;&quot;">&lt;&gt;&amp;"</a>'],
    ['<?xml version="1.0" encoding="UTF-8"?>\n<a>\n b\n</a>\n', '<a>\n b\n</a>'],
    ['<a>é</a>', '<a>é</a>'],
  ]
  for (const [text, due] of cases) {
    test(text.replaceAll('\n', ' '), () => {
      assert.equal(new TextDecoder().decode(canonicalXml(parseXml(Buffer.from(text)))), due)
    })
  }

  test('of a part declares what is in scope, and leaves out what it is told to', () => {
    const root = parseXml(Buffer.from('<a xmlns="urn:1" xmlns:p="urn:2"><b><c/></b>d</a>'))
    const [part] = root.children
    assert.ok(typeof part === 'object')
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
    assert.equal(text(canonicalXml(part)), '<b xmlns="urn:1" xmlns:p="urn:2"><c></c></b>')
    assert.equal(text(canonicalXml(root, part)), '<a xmlns="urn:1" xmlns:p="urn:2">d</a>')
  })
})

test('any bytes are a document, or fail with a TrustError', () => {
  const sound = forgeReference({ version: '1', golden: vbiosGolden, signers: forgeWorld().signers })
  const parts = fc.constantFrom(
    '<',
    '>',
    '/',
    '"',
    '=',
    ' ',
    'a',
    ':',
    '&',
    ';',
    '<a>',
    '</a>',
    'xmlns:a="b"',
    '\n',
    '\u0000',
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), texts =>
      expectParsedOrRefused(Buffer.from(texts.join(''))),
    ),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), expectParsedOrRefused))
  const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
      const bytes = Uint8Array.from(sound)
      for (const [index, value] of changes) bytes[index] = value
      expectParsedOrRefused(bytes)
    }),
  )
})

function expectParsedOrRefused(bytes: Uint8Array): void {
  try {
    parseReference(bytes)
  } catch (error) {
    assert.ok(error instanceof TrustError, String(error))
    assert.match(error.code, /^(?:reference|certificate)-malformed$/)
  }
}

/** A second reading of the text, apart from the code under test. */
function alternativesIn(text: string): string[] {
  return [...text.matchAll(/index="(\d+)" active="True" alternatives="([2-9])"/g)].map(
    ([, index, count]) => `${index}: ${count}`,
  )
}
