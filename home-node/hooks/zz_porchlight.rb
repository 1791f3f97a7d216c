# frozen_string_literal: true

# Porchlight's hook for Mastodon 4.3 to 4.6: goes to config/initializers/zz_porchlight.rb of the web process, which is
# told by PORCHLIGHT_RECEIPT_SECRET_FILE where its secret is.
#
# Mastodon refuses a request that was signed more than about an hour ago. When the request has a valid receipt of home
# (docs/protocol.md, "Receipts"), that one question is answered by Mastodon's own rule at the time when the request arrived,
# instead of now. Everything else stays Mastodon's: signature, digest, key, blocks. Requests without a receipt take the old
# way. A Mastodon of another shape than those known here is left alone, and that is logged.

require 'base64'
require 'digest'
require 'openssl'
require 'time'

module PorchlightHook
  # A receipt is good for so long after home made it.
  GOOD_FOR_MS = 5 * 60 * 1000
  DAY_MS = 24 * 60 * 60 * 1000
  # PORCHLIGHT_RECEIPT_MAX_DAYS says otherwise.
  MOST_DAYS = 30
  SAY_EVERY_SECONDS = 60
  HTTP_DATE = /\A(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\z/
  # Methods of the two kinds of signature that the hook asks.
  DRAFT = %i(signature_params signature_algorithm signed_headers).freeze
  MESSAGE = %i(created_time expires_time).freeze

  # What a request or its receipt is worth nothing for.
  class NoReceipt < StandardError; end

  # Around Mastodon's own question, where a class asks it (4.4 and later).
  module ForSignedRequest
    def initialize(request)
      super
      @porchlight_request = request
    end

    private

    def matches_time_window?
      super || PorchlightHook.in_time?(@porchlight_request, @signature)
    end
  end

  # Around the same question of 4.3, where the controllers' concern asks it.
  module ForConcern
    private

    def matches_time_window?
      super || PorchlightHook.in_time?(request, self)
    end
  end

  class << self
    # Puts the hook in, once for each loading of Mastodon's classes. Gives back whether it did.
    def install
      target, around = known_shape
      if target.nil?
        say('This Mastodon is not of a shape that the hook knows: it is left alone, and late deliveries will be refused.')
        return false
      end
      target.prepend(around) unless target.include?(around)
      say("#{target}: late deliveries with a receipt are judged by their time of arrival.")
      true
    rescue StandardError => e
      say("The hook could not be put in, late deliveries will be refused: #{e.class} #{e.message}")
      false
    end

    # Was it in time when it arrived, by Mastodon's rule and by home's word? Never raises. `signature`: what Mastodon made
    # of the Signature header.
    def in_time?(request, signature)
      received_at = arrival_of(request)
      return false if received_at.nil?

      created, expires = covered_times(request, signature)
      raise NoReceipt, 'it was not in time when it arrived' unless within_window?(created, expires, received_at)

      let_expired_pass(signature) unless expires.nil?
      tell_judged(request)
      true
    rescue StandardError => e
      say_why(e)
      false
    end

    private

    # The class or module that asks, and the module around it; nil when it is neither of those known.
    def known_shape
      if Object.const_defined?(:SignedRequest)
        known_signed_request? ? [::SignedRequest, ForSignedRequest] : nil
      elsif Object.const_defined?(:SignatureVerification)
        known_concern? ? [::SignatureVerification, ForConcern] : nil
      end
    end

    def known_signed_request?
      request = ::SignedRequest
      asks?(request, [:matches_time_window?]) && request.instance_method(:initialize).arity == 1 && constants?(request) &&
        request.const_defined?(:HttpSignature) && asks?(request::HttpSignature, DRAFT) &&
        request.const_defined?(:HttpMessageSignature) && asks?(request::HttpMessageSignature, MESSAGE)
    end

    def known_concern?
      concern = ::SignatureVerification
      asks?(concern, [:matches_time_window?, *DRAFT]) && constants?(concern)
    end

    def asks?(target, names)
      names.all? { |name| target.private_method_defined?(name, false) || target.method_defined?(name, false) }
    end

    def constants?(target)
      %i(EXPIRATION_WINDOW_LIMIT CLOCK_SKEW_MARGIN).all? { |name| target.const_defined?(name, false) }
    end

    # Mastodon's matches_time_window?, word for word but for the time at which it is asked.
    def within_window?(created, expires, at)
      rule = Object.const_defined?(:SignedRequest) ? ::SignedRequest : ::SignatureVerification
      expires ||= created + (5 * 60)
      expires = [expires, created + rule::EXPIRATION_WINDOW_LIMIT].min
      created <= at + rule::CLOCK_SKEW_MARGIN && at <= expires + rule::CLOCK_SKEW_MARGIN
    end

    # When the request was signed and until when that holds, by times that the signature covers: any other could have been
    # written by anybody.
    def covered_times(request, signature)
      unless signature.respond_to?(:signature_params, true)
        created, expires = signature.created_time, signature.expires_time
        raise NoReceipt, 'the signature says no time' if created.nil?

        return [created, expires]
      end

      params, covered = signature.send(:signature_params), signature.send(:signed_headers)
      raise NoReceipt, 'the request has signature-input' unless header(request, 'Signature-Input').nil?

      %w(created expires).each do |name|
        raise NoReceipt, "#{name} is given and not covered" if params.key?(name) && !covered.include?("(#{name})")
        raise NoReceipt, "#{name} is no number" if params.key?(name) && !params[name].match?(/\A\d{1,11}\z/)
      end
      expires = params.key?('expires') ? Time.at(params['expires'].to_i).utc : nil
      if signature.send(:signature_algorithm) == 'hs2019' && params.key?('created')
        [Time.at(params['created'].to_i).utc, expires]
      else
        date = header(request, 'Date')
        raise NoReceipt, 'the signature covers no time' unless covered.include?('date') && date&.match?(HTTP_DATE)

        [Time.httpdate(date).utc, expires]
      end
    end

    # Of RFC 9421, the library refuses what has expired by itself, now. That it had not when it arrived is known here.
    def let_expired_pass(signature)
      inner = signature.instance_variable_get(:@signature)
      return unless inner.respond_to?(:expired?) && inner.expired?

      open = inner.dup
      open.define_singleton_method(:expired?) { false }
      signature.instance_variable_set(:@signature, open)
    end

    # A Time, if home made the receipt for this request just now; nil when there is none.
    def arrival_of(request)
      receipt = header(request, 'Porchlight-Receipt')
      return nil if receipt.nil?

      # Each of these can be understood in two ways, or carries a second signature or time that the receipt is not about.
      %w(Authorization X-Date).each do |name|
        raise NoReceipt, "the request has #{name}" unless header(request, name).nil?
      end
      parts = receipt.match(/\Av2 (?<t>[1-9]\d{0,15}) (?<made>[1-9]\d{0,15}) (?<mac>[A-Za-z0-9_-]{43})\z/)
      raise NoReceipt, 'it is no receipt of version 2' if parts.nil?

      wanted = OpenSSL::HMAC.digest('SHA256', secret, text_of(request, parts[:t], parts[:made]))
      given = Base64.urlsafe_decode64("#{parts[:mac]}=")
      unless given.bytesize == wanted.bytesize && OpenSSL.fixed_length_secure_compare(given, wanted)
        raise NoReceipt, 'it was not made by this home for this request and this service'
      end

      in_bounds(parts[:t].to_i, parts[:made].to_i)
    end

    def in_bounds(received_ms, made_ms)
      now_ms = (Time.now.to_f * 1000).to_i
      raise NoReceipt, 'it was not made just now; look at the clocks' if (now_ms - made_ms).abs > GOOD_FOR_MS
      raise NoReceipt, 'it is about an arrival in the future' if received_ms > now_ms + GOOD_FOR_MS

      days = Float(ENV.fetch('PORCHLIGHT_RECEIPT_MAX_DAYS', MOST_DAYS))
      raise NoReceipt, "it is about an arrival of more than #{days} days ago" if now_ms - received_ms > days * DAY_MS

      Time.at(received_ms / 1000r).utc
    end

    def text_of(request, received, made)
      fields = ['porchlight-receipt-v2', received, made, request.request_method, request.original_fullpath, header(request, 'Host')]
      fields += ['Signature', 'Signature-Input', 'Digest', 'Content-Digest'].map { |name| header(request, name) }
      fields << Base64.urlsafe_encode64(Digest::SHA256.digest(request.raw_post.to_s), padding: false)
      fields.map { |field| field.nil? ? '-' : "#{field.bytesize}:#{field}" }.join("\n")
    end

    # Repeated lines come joined by ", ": then no receipt holds, because none is made for such a request.
    def header(request, name)
      request.headers[name]
    end

    def secret
      @secret ||= begin
        path = ENV.fetch('PORCHLIGHT_RECEIPT_SECRET_FILE', nil)
        raise NoReceipt, 'PORCHLIGHT_RECEIPT_SECRET_FILE names no file' if path.nil? || path.empty?

        bytes = Base64.urlsafe_decode64("#{File.read(path).strip}=")
        raise NoReceipt, 'the file of the secret does not hold 32 bytes' unless bytes.bytesize == 32

        bytes
      end
    end

    # Only a request with a receipt of home is answered so; `porchlight doctor` looks for it.
    def tell_judged(request)
      request.controller_instance&.response&.set_header('Porchlight-Hook', 'v1 judged-at-arrival') if request.respond_to?(:controller_instance)
    end

    # At most a line a minute, and never a secret.
    def say_why(error)
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      return if !@said_at.nil? && now - @said_at < SAY_EVERY_SECONDS

      @said_at = now
      reason = error.is_a?(NoReceipt) ? error.message : "#{error.class} #{error.message}"
      say("A receipt was not taken: #{reason}.")
    end

    def say(text)
      line = "[porchlight] #{text}".encode('UTF-8', invalid: :replace, undef: :replace)
      logger = defined?(Rails) && Rails.respond_to?(:logger) ? Rails.logger : nil
      logger.nil? ? warn(line) : logger.warn(line)
    end
  end
end

if defined?(Rails) && Rails.respond_to?(:application) && !Rails.application.nil?
  Rails.application.config.to_prepare { PorchlightHook.install }
end
