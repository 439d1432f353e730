// An optional dependency of @ironflow/server. Package managers leave it out, and with it the native code of
// better-sqlite3, where its `engines` do not match: on Node.js 24 and later, which has node:sqlite.
module.exports = require('better-sqlite3')
