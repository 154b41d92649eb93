// package-info: where model files come from.
/**
 * Where model files come from: the demo model out of a Python package ({@link
 * dev.gatun.hub.DemoModel}) and repositories of a Hugging Face-compatible endpoint ({@link
 * dev.gatun.hub.HuggingFace}), both kept in one cache folder:
 *
 * <pre>
 * ROOT                           $GATUN_CACHE, else $XDG_CACHE_HOME/gatun, else ~/.cache/gatun
 *   demo/NAME.gguf               the demo model, complete and verified
 *   demo/NAME.gguf.sha256        its checksum, once verified
 *   demo/tmp/                    only while it is being fetched
 *   hf/OWNER/REPO/REVISION/PATH  files under their own names, complete and verified
 *     PATH.part, PATH.part-state what has come of a file so far, and of which version
 *     .gatun-revision.json       what the server listed and which of it is here
 *   .../.gatun-lock              held by whoever is fetching into that folder
 * </pre>
 *
 * A file gets its own name by an atomic rename after its size and checksum were found right, so
 * what bears the name is whole whatever was cut, killed or full in between. Deleting any folder is
 * safe when nothing is being fetched.
 */
package dev.gatun.hub;
