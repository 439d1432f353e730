/** The path of another major version of Node.js, which is a package of npm. */
export function nodeExecutable(version: string): Promise<string>
