/** `client.runQueryEx` and `request_id` become `clientRunQueryEx` and `requestId`. */
export function camelCase(name: string): string {
  return name.replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** `client.runQueryEx` becomes `ClientRunQueryEx`. */
export function pascalCase(name: string): string {
  const camel = camelCase(name)
  return camel.charAt(0).toUpperCase() + camel.slice(1)
}

/** A boxed type gets a suffix of its own, because its name often equals a constructor's but for the case. */
export const unionType = (boxedType: string): string => `${pascalCase(boxedType)}Any`
export const unionCodec = (boxedType: string): string => `${camelCase(boxedType)}Any`

/** `0x0bd4302c` */
export const hexId = (id: number): string => `0x${id.toString(16).padStart(8, '0')}`
