// LooksUp: planted violation; an arrow that points up.
package dev.gatun.planted.kv;

import dev.gatun.planted.engine.Above;

final class LooksUp {
  Above above() {
    return new Above();
  }
}
