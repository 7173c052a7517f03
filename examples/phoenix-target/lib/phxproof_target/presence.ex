defmodule PhxproofTarget.Presence do
  @moduledoc "Who is there; its PubSub server comes from the options of `PhxproofTarget`."
  use Phoenix.Presence, otp_app: :phxproof_target
end
