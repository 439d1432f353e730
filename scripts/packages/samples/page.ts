// A page that follows a document. It is compiled, and bundled with Vite.
import { createClient } from '@ironflow/browser'

const client = createClient({ serverUrl: 'http://127.0.0.1:9123' })

client.config().watch<{ on: boolean }>('flags', {
  onUpdate: ({ data }) => document.body.classList.toggle('on', data.on),
})
