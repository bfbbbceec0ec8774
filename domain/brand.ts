/** A nominal type over a plain value: two ids of different kinds are never interchangeable. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
