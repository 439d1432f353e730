/** The class of databases of the library that the server has under this Node.js. */
export const SqliteDatabase: new (
  path: string,
  options: { readonly: boolean; readOnly: boolean },
) => { prepare(sql: string): { all(): unknown[] }; close(): void }
