//! Sets in the form that Live writes.

use super::*;

const SET: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<Ableton MajorVersion="5" Creator="Ableton Live 11.3"><LiveSet>
<Tracks>
 <MidiTrack Id="1"><Name><EffectiveName Value="Bass &amp; more"/></Name>
  <DeviceChain>
   <Mixer><Speaker><Manual Value="false"/></Speaker><Volume><Manual Value="0.5"/></Volume></Mixer>
   <MainSequencer>
    <ClipSlotList><ClipSlot Id="0"><ClipSlot><Value><MidiClip Id="9"/></Value></ClipSlot></ClipSlot>
     <ClipSlot Id="1"><ClipSlot><Value/></ClipSlot></ClipSlot></ClipSlotList>
    <ClipTimeable><ArrangerAutomation><Events>
     <MidiClip Id="0" Time="4"><CurrentStart Value="4"/><CurrentEnd Value="8"/>
      <Loop><LoopStart Value="1"/><LoopEnd Value="3"/><StartRelative Value="0"/><LoopOn Value="true"/></Loop>
      <Name Value="riff"/>
      <Notes><KeyTracks><KeyTrack Id="0"><Notes>
        <MidiNoteEvent Time="1" Duration="0.5" Velocity="90.4" IsEnabled="true"/>
        <MidiNoteEvent Time="0" Duration="0.5" Velocity="90" IsEnabled="true"/>
        <MidiNoteEvent Time="2" Duration="0.5" Velocity="90" IsEnabled="false"/>
       </Notes><MidiKey Value="40"/></KeyTrack></KeyTracks></Notes>
     </MidiClip></Events></ArrangerAutomation></ClipTimeable>
   </MainSequencer>
   <DeviceChain><Devices><Eq8 Id="0"/><PluginDevice Id="1"><PluginDesc><Vst3PluginInfo Id="0"><Name Value="Serum"/></Vst3PluginInfo></PluginDesc></PluginDevice></Devices></DeviceChain>
  </DeviceChain></MidiTrack>
 <AudioTrack Id="2"><Name><EffectiveName Value="Loop"/></Name><DeviceChain><MainSequencer><Sample><ArrangerAutomation><Events>
   <AudioClip Id="0" Time="0"><CurrentStart Value="0"/><CurrentEnd Value="16"/><Name Value="break"/>
    <Loop><LoopStart Value="2"/><StartRelative Value="0"/></Loop><IsWarped Value="true"/>
    <WarpMarkers><WarpMarker SecTime="0.5" BeatTime="0"/><WarpMarker SecTime="2.5" BeatTime="4"/></WarpMarkers>
    <SampleRef><FileRef><RelativePath Value="Samples/break.wav"/><Path Value="/Users/x/Samples/break.wav"/><OriginalFileSize Value="4410044"/></FileRef></SampleRef>
   </AudioClip></Events></ArrangerAutomation></Sample></MainSequencer></DeviceChain></AudioTrack>
</Tracks>
<MasterTrack><AutomationEnvelopes><Envelopes>
 <AutomationEnvelope Id="0"><EnvelopeTarget><PointeeId Value="10"/></EnvelopeTarget><Automation><Events><EnumEvent Time="-63072000" Value="201"/><EnumEvent Time="8" Value="300"/></Events></Automation></AutomationEnvelope>
 <AutomationEnvelope Id="1"><EnvelopeTarget><PointeeId Value="8"/></EnvelopeTarget><Automation><Events><FloatEvent Time="-63072000" Value="97"/></Events></Automation></AutomationEnvelope>
</Envelopes></AutomationEnvelopes>
<DeviceChain><Mixer><Tempo><Manual Value="97"/><AutomationTarget Id="8"/></Tempo><TimeSignature><Manual Value="201"/><AutomationTarget Id="10"/></TimeSignature></Mixer></DeviceChain></MasterTrack>
<Locators><Locators><Locator Id="0"><Time Value="16"/><Name Value="Drop"/></Locator></Locators></Locators>
</LiveSet></Ableton>"#;

#[test]
fn everything_is_at_its_place() {
    let mut project = parse(Path::new("a.als"), SET).unwrap();
    project.settle();
    assert_eq!(project.program, "Ableton Live 11.3");
    assert_eq!(project.tempos, [Tempo { quarter: 0.0, bpm: 97.0 }]);
    let meter = |quarter, numerator, denominator| Meter { quarter, numerator, denominator };
    assert_eq!(project.meters, [meter(0.0, 4, 4), meter(8.0, 4, 8)]);
    assert_eq!(project.markers, [Marker { quarter: 16.0, name: "Drop".into() }]);
    let bass = &project.tracks[0];
    assert_eq!((bass.name.as_str(), bass.is_muted, bass.volume), ("Bass & more", true, Some(0.5)));
    assert_eq!(bass.effects, ["Eq8", "Serum"]);
    let note = |start| Note { start, length: 0.5, key: 40, velocity: 90, channel: 0 };
    // Two quarters of loop, twice in a clip of four.
    let notes = Content::Notes(vec![note(0.0), note(2.0)]);
    assert_eq!(bass.clips, [Clip { name: "riff".into(), start: 4.0, length: 4.0, content: notes }]);
    let audio = Content::Audio {
        path: "/Users/x/Samples/break.wav".into(),
        from_secs: 1.5,
        bytes: Some(4_410_044),
        form: None,
    };
    assert_eq!(
        project.tracks[1].clips,
        [Clip { name: "break".into(), start: 0.0, length: 16.0, content: audio }]
    );
    assert_eq!(project.unread.len(), 1, "{:?}", project.unread);
}

#[test]
fn other_files_are_refused() {
    let check = |text: &str| assert!(parse(Path::new("a.als"), text).is_err(), "{text}");
    check("");
    check("<Ableton/>");
    check("<Other><LiveSet/></Other>");
}
