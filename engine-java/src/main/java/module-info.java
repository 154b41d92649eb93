// module-info: the library's interface; all other packages may change in any release.

/** Text from large language models, in this process; {@link dev.gatun.Gatun} is where to start. */
module dev.gatun {
  requires com.fasterxml.jackson.databind;
  requires dev.gatun.bindings;
  requires java.net.http;
  requires jdk.jfr;
  requires org.bytedeco.cuda;
  requires org.bytedeco.javacpp;

  exports dev.gatun;
  exports dev.gatun.chat;
  exports dev.gatun.refusal;
  exports dev.gatun.sample;
}
