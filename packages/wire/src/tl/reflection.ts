/** One combinator of the schema, for tools that work on any of them. */
export interface CombinatorInfo {
  /** Unsigned 32-bit constructor id. */
  readonly id: number
  readonly kind: 'type' | 'function'
  /** Name of the boxed result type. */
  readonly result: string
  readonly fields: readonly FieldInfo[]
}

export interface FieldInfo {
  /** Name in the schema: `request_id`. */
  readonly name: string
  /** Name in the generated type: `requestId`. */
  readonly property: string
  /** A primitive, a combinator (bare) or a boxed type; of a vector, the type of its elements. */
  readonly type: string
  readonly vector?: true
  /** Present only when this bit of the property of that name is set. */
  readonly condition?: { readonly flags: string; readonly bit: number }
}
