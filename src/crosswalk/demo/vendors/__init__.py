"""Three systems that are asked, played on a loopback port: LiveChat, Kaltura and LivePerson, as far as the demo asks them.

They serve made-up data to this process alone and believe whoever asks; what the real ones refuse is no concern of a demo.
"""
