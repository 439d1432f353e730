/** Returns the path of workerd, which is a package of npm. */
export function workerdExecutable(): Promise<string>
