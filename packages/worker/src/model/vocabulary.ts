import { recitalPieces, stringPiece } from './recital.ts'

/** How llama.cpp treats a token: ordinary text, or a marker that no text can spell. */
const normal = 1
const control = 3

export interface Vocabulary {
  /** Token texts, each byte written as the printable character that byte-level BPE gives it. */
  texts: string[]
  kinds: number[]
  /** Pairs of tokens that the tokenizer joins, the earlier ones first: `Ġ t`. */
  merges: string[]
  endOfText: number
  turnStart: number
  turnEnd: number
  /** The token of a single byte. */
  byte(value: number): number
  /** Tokens of the recited text in order. */
  recital: number[]
  /** What the model puts into a JSON string. */
  stringContent: number
}

/**
 * Three markers, the 256 bytes, beginnings of frequent English words, and the pieces of the recited text. Any
 * text can be written in it, at two to three characters a token. The pieces of the recited text end with a
 * space, and no merge joins those: a prompt never holds one, so it cannot lead into the middle of the text.
 */
export function createVocabulary(): Vocabulary {
  const texts = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
  const kinds = texts.map(() => control)
  const firstByte = texts.length
  for (let value = 0; value < 256; value++) texts.push(byteCharacter(value))

  const known = new Set(texts)
  const merges: string[] = []
  const join = (left: string, right: string): void => {
    if (known.has(left + right)) return
    known.add(left + right)
    texts.push(left + right)
    merges.push(`${left} ${right}`)
  }
  for (const word of frequentWords) {
    const characters = spell(word)
    for (let end = 1; end < characters.length; end++) join(characters.slice(0, end), characters.charAt(end))
  }
  for (const pair of frequentPairs) {
    const [left = '', right = ''] = pair.split('+')
    join(left, right)
  }

  const firstOwn = texts.length
  texts.push(...recitalPieces.map(spell), spell(stringPiece))
  while (kinds.length < texts.length) kinds.push(normal)
  return {
    texts,
    kinds,
    merges,
    endOfText: 0,
    turnStart: 1,
    turnEnd: 2,
    byte: value => firstByte + value,
    recital: recitalPieces.map((_, index) => firstOwn + index),
    stringContent: firstOwn + recitalPieces.length,
  }
}

/** Byte-level BPE shows the printable bytes as themselves and the others from U+0100 upwards. */
function byteCharacter(value: number): string {
  if (isPrintable(value)) return String.fromCodePoint(value)
  let others = 0
  for (let smaller = 0; smaller < value; smaller++) if (!isPrintable(smaller)) others++
  return String.fromCodePoint(0x100 + others)
}

function isPrintable(value: number): boolean {
  return (value >= 0x21 && value <= 0x7e) || (value >= 0xa1 && value <= 0xac) || value >= 0xae
}

function spell(text: string): string {
  return [...Buffer.from(text)].map(byteCharacter).join('')
}

const frequentWords = (
  'the of and to in is you that it for was on are as with his they at be this have from or one had by word ' +
  'but not what all were we when your can said there use an each which do how their if will up other about ' +
  'out many then them these so some her would make like him into time has look two more write go see number ' +
  'no way could people my than first been call who now find long down day did get come made may part over ' +
  'new take only little work know place year live me back give most very after thing our just name good ' +
  'sentence think say great where help through much before right too mean any same tell want show also form ' +
  'three small set put end does another well large must even because here why ask went read need different ' +
  'try kind again change off play away point page letter answer question text message model language ' +
  'translate summarize explain short please hello world test code list a b c d e f g h l m n p r s t u v w'
)
  .split(' ')
  .map(word => ` ${word}`)
  .concat(
    'user',
    'assistant',
    'system',
    'The',
    'What',
    'How',
    'Write',
    'Please',
    'Hello',
    'Can',
    'Tell',
    'Why',
  )

/** Pieces within words, joined where no word was. */
const frequentPairs = (
  'i+n in+g e+r e+d e+s l+y i+o io+n t+ion a+n o+n o+u t+h r+e a+t e+n i+s o+r a+l s+t a+r i+t i+c e+l n+t e+nt ' +
  'a+s v+e r+o m+e l+e l+l c+o d+e u+r i+l o+w r+a c+h r+i s+e l+i n+e h+e c+e a+m u+n o+m i+d e+t g+e s+s ' +
  'a+b i+v a+d o+l u+l i+g u+s a+g p+e e+a e+e o+o a+y i+r u+m p+r q+u c+k s+h w+h f+i t+r p+l b+l t+e ' +
  'm+ent i+st ne+ss'
).split(' ')
