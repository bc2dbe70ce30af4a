import { existsSync } from 'node:fs'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
/** The browser; undefined where there is none. */
export const executablePath = process.env['CHROMIUM'] || places.find(existsSync)
/** Why tests in it are skipped; false where they are not. */
export const skip = executablePath === undefined && 'there is no Chromium here: CHROMIUM names one'
